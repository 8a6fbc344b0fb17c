"""The base of every model: frozen, unknown keys refused with the nearest known one offered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from .errors import InputError, given, mistakes_of, one_line

if TYPE_CHECKING:  # a type checker should see pydantic's own constructor
    _Base = BaseModel
else:

    class _OneLine(type(BaseModel)):
        """Makes a constructor say what is wrong in one line for each mistake. Reading data makes no such call."""

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            try:
                return super().__call__(*args, **kwargs)
            except ValidationError as error:
                raise cls._mistake(*mistakes_of(error, cls.__name__, cls)) from None

    class _Base(BaseModel, metaclass=_OneLine):
        pass


class Model(_Base):
    """A frozen pydantic model that refuses keys it does not know."""

    _mistake: ClassVar[type[InputError]] = InputError

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True, validate_default=False)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, perhaps with some fields changed; what the original remembers of itself is not carried over."""
        copied = super().model_copy(update=update, deep=deep)
        _forget(copied.__dict__, type(self).model_fields)
        return copied

    def __getstate__(self) -> dict[Any, Any]:
        state = super().__getstate__()
        return {**state, "__dict__": _forget(dict(state["__dict__"]), type(self).model_fields)}


def _forget(state: dict[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is no field: views, engines and tables are made again when they are needed."""
    for name in [name for name in state if name not in fields]:
        del state[name]
    return state


def _sequence(value: Any) -> Any:
    """A single item where a list is expected is a list of one."""
    return (value,) if isinstance(value, (str, Mapping, BaseModel)) else value


def _sorted_names(value: Any) -> Any:
    value = _sequence(value)
    if isinstance(value, (set, frozenset)):  # in an order that does not depend on the hash seed
        value = sorted(value, key=one_line)
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(dict.fromkeys(value))
    return value


class ByLanguage(dict[str, str]):
    """A text in several languages, by their codes; a part of what is frozen, and so it has a hash."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


def _by_language(value: str | dict[str, str]) -> str | dict[str, str]:
    if isinstance(value, dict) and not value:
        raise InputError(
            "a text by language names at least one; write for example `{en: at most three, es: como mucho tres}`"
        )
    return ByLanguage(value) if isinstance(value, dict) else value


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        raise InputError(f"{given(value)} is not a number; write for example `3`, or leave it out for none")
    return value


Said = Annotated[str | dict[str, str], AfterValidator(_by_language)]
"""A text, or the same text in several languages: `{en: at most three, es: como mucho tres}`."""
OneOrMore = BeforeValidator(_sequence)
Whole = Annotated[int, BeforeValidator(_number)]
"""A whole number; `true` is none, though Python counts it as 1."""
Word = Annotated[str, Field(pattern=r"\S")]
"""A text that says something: a blank name would match nothing, and what it should bind would go free."""
Names = Annotated[tuple[Word, ...], BeforeValidator(_sorted_names)]
"""One name or a list of names, order kept, repeats dropped."""
Texts = Annotated[tuple[str, ...], BeforeValidator(_sorted_names)]
"""The same for texts that may be blank."""
