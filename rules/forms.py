"""Forms of pages: the rules judge, the form shows what they said beside the field that it is about."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from django import forms
from django.http import QueryDict

from rules.errors import LightdError

# For what is meant to the letter.
LITERAL = {"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}


def literal(placeholder: str = "", **attributes: Any) -> forms.TextInput:
    """The input of a text that is meant to the letter."""
    return forms.TextInput(attrs={**LITERAL, "placeholder": placeholder, **attributes})


class Mistake(NamedTuple):
    """What is wrong with a field: the id that it has on the page, what it is called there, and the sentence."""

    at: str
    label: str
    sentence: str


class PageForm(forms.Form):
    """A form that can show a refusal of the rules beside the field that it is about."""

    # Sentences of the API in the names of its fields, and what the page says instead.
    plain_words: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""

    def filled(self) -> dict[str, Any]:
        """What was filled in, for the serializer that judges it."""
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    def refuse(self, error: LightdError) -> None:
        """Show the error in the form; a detail of `limits.memory` belongs to the field `memory`."""
        details = error.details or {error.field: [error.sentence]}
        placed = [self.place(path, sentences) for path, sentences in details.items()]
        if not any(placed) and error.sentence not in self.non_field_errors():
            self.add_error(None, error.sentence)

    def place(self, path: str, sentences: list[str]) -> bool:
        """Show the sentences at what has this path in a request; False if nothing here has. Where something is wrong
        already that is enough."""
        field = next((name for name in (path, *reversed(path.split("."))) if name in self.fields), None)
        if field and field not in self.errors:
            self.add_error(field, [self.plain_words.get(each, each) for each in sentences])
        return field is not None

    def mistakes(self) -> list[Mistake]:
        """What is wrong with its fields, in the order of the page."""
        return [mistake for part in self.parts() for mistake in self.mistakes_at(part)]

    def parts(self) -> list[str]:
        return list(self.fields)

    def mistakes_at(self, part: str) -> list[Mistake]:
        field = self[part]
        return [Mistake(field.id_for_label, str(field.label), str(sentence)) for sentence in list(field.errors)[:1]]

    def focus_mistake(self) -> None:
        """Have the page open on the first field that something is wrong with."""
        mistakes = self.mistakes()
        if mistakes:
            self.focus(mistakes[0].at)

    def focus(self, at: str) -> None:
        """Have the page open on the field with this id, and on no other."""
        for name, field in self.fields.items():
            field.widget.attrs["autofocus"] = self[name].id_for_label == at


class TypedNameForm(PageForm):
    """The name of what is to be deleted, so that nothing else is."""

    name = forms.CharField(widget=literal())

    def __init__(self, name: str, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self._name = name
        self.fields["name"].label = f"Type {name} to delete it"
        self.fields["name"].widget.attrs["data-typed"] = name

    def clean_name(self) -> str:
        if self.cleaned_data["name"] != self._name:
            raise forms.ValidationError(f"This is not {self._name}.")
        return self._name


class Rows:
    """A list in a form: a small form for each entry. All of them have the same names, so that their order is all that
    tells one from the other, and a row may be left out anywhere."""

    def __init__(
        self, name: str, label: str, row: type[PageForm], entries: Iterable[Mapping[str, Any]], *, bound: bool
    ) -> None:
        self.name = name
        self.label = label
        self.errors: list[str] = []
        self.focus_on_add = False
        self._row = row
        self._entries = list(entries)
        self._bound = bound
        self._renew()

    def __iter__(self) -> Iterator[PageForm]:
        return iter(self.forms)

    def is_valid(self) -> bool:
        judged = [form.is_valid() for form in self.forms]  # all of them, also after one that is not
        return all(judged) and not self.errors

    def add(self) -> None:
        """One more, empty, in which one goes on typing."""
        self._entries.append({})
        self._renew()
        first = next(iter(self.forms[-1].fields.values()))
        first.widget.attrs["autofocus"] = True

    def remove(self, index: str) -> None:
        """Without the row of this number, if there is one."""
        if index.isascii() and index.isdigit() and len(index) < 4:
            del self._entries[int(index) : int(index) + 1]
        self._renew()
        self.focus_on_add = True

    def place(self, path: str, sentences: list[str]) -> None:
        """Show the sentences at the row and field that `0.host_port` names, else with the list as a whole."""
        index, _, field = path.partition(".")
        if not (index.isdigit() and int(index) < len(self.forms) and self.forms[int(index)].place(field, sentences)):
            self.errors += [sentence for sentence in sentences if sentence not in self.errors]

    def mistakes(self) -> list[Mistake]:
        """What is wrong with the list, and with the fields of its rows."""
        whole = [Mistake(f"rows-{self.name}", self.label, sentence) for sentence in self.errors]
        rows = [
            mistake._replace(label=f"{self.label} {number}, {mistake.label.lower()}")
            for number, form in enumerate(self.forms, 1)
            for mistake in form.mistakes()
        ]
        return whole + rows

    def _renew(self) -> None:
        """Bound, a row is judged; else it only shows its entry."""
        self.forms = [
            self._row(
                entry if self._bound else None,
                initial=None if self._bound else entry,
                auto_id=f"id_{self.name}_{index}_%s",
            )
            for index, entry in enumerate(self._entries)
        ]


class ListForm(PageForm):
    """A form with lists in it, whose rows are added and removed by buttons of its own: by a request, since only the
    server knows what a row looks like, which makes it work without scripts as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lists: dict[str, Rows] = {}

    def add_list(self, name: str, label: str, row: type[PageForm], entries: Iterable[Mapping[str, Any]]) -> None:
        self.lists[name] = Rows(name, label, row, entries, bound=self.is_bound)

    def is_valid(self) -> bool:
        judged = [rows.is_valid() for rows in self.lists.values()]
        return super().is_valid() and all(judged)

    def place(self, path: str, sentences: list[str]) -> bool:
        name, _, rest = path.partition(".")
        if name not in self.lists:
            return super().place(path, sentences)
        self.lists[name].place(rest, sentences)
        return True

    def parts(self) -> list[str]:
        """`field_order` may name lists as well."""
        named = dict.fromkeys([*(self.field_order or ()), *self.fields, *self.lists])
        return [part for part in named if part in self.fields or part in self.lists]

    def mistakes_at(self, part: str) -> list[Mistake]:
        return self.lists[part].mistakes() if part in self.lists else super().mistakes_at(part)

    def focus(self, at: str) -> None:
        super().focus(at)
        for form in (form for rows in self.lists.values() for form in rows):
            form.focus(at)

    def change_rows(self, data: QueryDict) -> None:
        """Do what the pressed button asks for: `add_row=ports`, `remove_row=ports.1`."""
        added = self.lists.get(data.get("add_row", ""))
        if added:
            added.add()
        name, _, index = data.get("remove_row", "").partition(".")
        if name in self.lists:
            self.lists[name].remove(index)


def entries(row: type[PageForm], data: QueryDict) -> list[dict[str, str]]:
    """What was posted in the rows of a list."""
    names = list(row.base_fields)
    columns = zip(*(data.getlist(name) for name in names), strict=False)
    return [dict(zip(names, column, strict=True)) for column in columns]


def changes_rows(data: QueryDict) -> bool:
    """Whether a request only adds or removes a row, and asks for nothing else yet."""
    return "add_row" in data or "remove_row" in data
