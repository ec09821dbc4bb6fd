"""The bot's face in Slack: the only room that imports slack_bolt and slack_sdk.

``listeners`` has one module for each thing a person does, ``views`` one for each thing a person sees.
"""
