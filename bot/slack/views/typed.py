"""What was typed into a field of a view that has a ``block_id`` and an ``action_id`` of the same name."""

from pydantic import BaseModel, ConfigDict


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Typed(_Model):
    value: str | None = None


class TypedState(_Model):
    """The ``state`` of a ``view_submission`` payload, as far as it was typed."""

    values: dict[str, dict[str, _Typed]] = {}

    def text_in(self, field: str) -> str:
        """What a field has, without spaces around it; empty where nothing was typed, or there is no such field."""
        return (self.values.get(field, {}).get(field, _Typed()).value or "").strip()
