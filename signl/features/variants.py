"""Published forms of a front-end: a name that stands for all of its numbers."""

from collections.abc import Mapping
from typing import Any, Final

#: The numbers of each named form, by option.
Forms = Mapping[str, Mapping[str, Any]]
_VARIANT: Final = "variant"


def with_published_numbers(values: object, forms: Forms) -> object:
    """Return plain options with the numbers of the form that their ``variant`` names.

    They stand in the options then, and in the headers of what is made with them, as if they had
    been given. A form without an entry, which is that of free options, is left as it is.

    Parameters
    ----------
    values : object
        Plain options, as YAML gives them; anything but a mapping is returned as it is.
    forms : Mapping
        Variant -> option -> its published number.

    Raises
    ------
    ValueError
        If an option is given that contradicts the form.
    """
    name = values.get(_VARIANT) if isinstance(values, Mapping) else None
    if not isinstance(values, Mapping) or not isinstance(name, str) or name not in forms:
        return values
    published = forms[name]
    for option, number in published.items():
        if (given := values.get(option, number)) != number:
            raise ValueError(
                f"{option} is {given!r} beside variant: {name}, whose {option} is {number!r}; "
                f"allowed is to leave {option} out, or the variant"
            )
    return {**values, **published}
