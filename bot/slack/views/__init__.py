"""What a person sees: one module for each thing, which draws it from domain objects and reads it back.

Nobody else knows a ``block_id``, an ``action_id`` or a sentence that a person reads. Everything is returned as JSON
that is ready for Slack's Web API: a modal is a `View`, a message a `Message`.
"""
