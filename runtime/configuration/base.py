"""What all groups of settings have in common: pydantic's strictness."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class SettingsBase(BaseModel):
    """Settings are of exactly the type that is asked for ("4" is no number) and no others exist."""

    model_config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True, defer_build=True)
