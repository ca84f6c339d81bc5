"""The file manager, by what a person sees and does."""

import re
import secrets
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PersonFactory
from tests.browser.injection import PAYLOADS, Tripwire, assert_shown
from tests.e2e.server import Lightd
from tests.waiting import wait_until

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8cfc0f01f00050001ff"
    "56c72f0d0000000049454e44ae426082"
)


@pytest.fixture
def page(administrators_page: Page) -> Page:
    return administrators_page


def at(volume: str, path: str = "") -> str:
    return f"/dashboard/volumes/{volume}/files?path={quote(path)}"


def drop(page: Page, *paths: Path) -> None:
    """Drag files and folders of this host over the list and let go, as a person does with the desktop's."""
    box = page.locator("#files").bounding_box()
    assert box
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send(
            "Input.dispatchDragEvent",
            {
                "type": kind,
                "x": box["x"] + box["width"] / 2,
                "y": box["y"] + box["height"] / 2,
                "data": {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1},
            },
        )


def choose(page: Page, name: str) -> None:
    page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()


# --- Uploads -------------------------------------------------------------------------------


def test_a_folder_is_uploaded_by_drag_and_drop(page: Page, volume: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "plugins/config/empty").mkdir(parents=True)
    (tmp_path / "plugins/a.jar").write_bytes(secrets.token_bytes(3_000_000))
    for number in range(120):  # more than a browser reads at once
        (tmp_path / f"plugins/config/{number}.yml").write_text(f"number: {number}\n")
    (tmp_path / "a file.txt").touch()
    page.goto(at(volume))

    drop(page, tmp_path / "plugins", tmp_path / "a file.txt")

    expect(page.locator(".uploads-figures")).to_have_text("122 files uploaded", timeout=60_000)
    expect(page.get_by_role("link", name="plugins")).to_be_visible()
    expect(page.get_by_role("link", name="a file.txt", exact=True)).to_be_visible()
    assert (folder / "plugins/a.jar").read_bytes() == (tmp_path / "plugins/a.jar").read_bytes()
    assert sorted(path.name for path in (folder / "plugins/config").iterdir()) == sorted(
        path.name for path in (tmp_path / "plugins/config").iterdir()
    )


def test_the_button_does_the_same(page: Page, volume: str, folder: Path, tmp_path: Path) -> None:
    (folder / "here").mkdir()
    (tmp_path / "one.txt").write_text("1")
    page.goto(at(volume, "here"))

    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files([tmp_path / "one.txt"])

    expect(page.get_by_role("link", name="one.txt", exact=True)).to_be_visible()
    assert (folder / "here/one.txt").read_text() == "1"


@pytest.mark.expects_errors("status of 409")
@pytest.mark.parametrize(("way", "content"), [("Replace them", "new"), ("Skip them", "old")])
def test_it_is_asked_once_about_files_that_are_there(
    page: Page, volume: str, folder: Path, tmp_path: Path, way: str, content: str
) -> None:
    for name in ("a", "b", "c", "d", "e"):
        (folder / name).write_text("old")
        (tmp_path / name).write_text("new")
    (tmp_path / "f").write_text("new")
    page.goto(at(volume))

    drop(page, *sorted(path for path in tmp_path.iterdir() if path.is_file()))
    page.get_by_role("dialog").get_by_role("button", name=way).click()

    expect(page.locator(".uploads-figures")).to_have_text(
        "6 files uploaded" if content == "new" else "1 file uploaded, 5 skipped"
    )
    assert [(folder / name).read_text() for name in "abcdef"] == [content] * 5 + ["new"]


@pytest.mark.expects_errors("status of 404")  # the question whether it is there
def test_an_upload_shows_its_progress_in_every_folder_and_is_cancelled(
    page: Page, volume: str, folder: Path, tmp_path: Path
) -> None:
    (folder / "world").mkdir()
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(1 << 30)
    page.goto(at(volume))
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 2 << 20},
    )

    drop(page, tmp_path / "large.bin")
    bar = page.get_by_role("progressbar", name="large.bin")
    expect(bar).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="world").click()
    expect(page.get_by_text("Nothing in here")).to_be_visible()
    expect(bar).to_be_visible()
    page.get_by_role("button", name="Cancel").click()

    expect(page.locator(".uploads-figures")).to_have_text("0 files uploaded, 1 cancelled")
    wait_until(lambda: [path.name for path in folder.iterdir()] == ["world"], 30, "what had come is removed")


# --- What is done to files ------------------------------------------------------------------


def test_files_are_made_renamed_moved_copied_and_deleted(page: Page, volume: str, folder: Path) -> None:
    page.goto(at(volume))
    page.get_by_role("button", name="New folder").click()
    page.get_by_label("Name", exact=True).fill("world")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("link", name="world")).to_be_visible()
    (folder / "a.txt").write_text("a")
    (folder / "b.txt").write_text("b")
    page.reload()

    choose(page, "a.txt")
    page.get_by_role("button", name="Rename").click()
    field = page.get_by_label("New name of a.txt")
    field.fill("c.txt")
    field.press("Enter")
    expect(page.get_by_role("link", name="c.txt", exact=True)).to_be_visible()

    choose(page, "c.txt")
    choose(page, "b.txt")
    page.get_by_role("button", name="Copy", exact=True).click()
    page.get_by_label("To the folder").fill("/world")
    page.get_by_role("dialog").get_by_role("button", name="Copy").click()
    expect(page.get_by_text("Copied 2 entries")).to_be_visible()
    assert sorted(path.name for path in (folder / "world").iterdir()) == ["b.txt", "c.txt"]

    choose(page, "b.txt")
    page.get_by_role("button", name="Move").click()
    page.get_by_label("New path").fill("world/moved.txt")
    page.get_by_role("dialog").get_by_role("button", name="Move").click()
    expect(page.get_by_role("link", name="b.txt", exact=True)).to_have_count(0)
    assert (folder / "world/moved.txt").read_text() == "b"

    choose(page, "c.txt")
    page.get_by_role("button", name="Mode").click()
    page.get_by_label("Mode", exact=True).fill("755")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("row", name="c.txt").get_by_text("0755")).to_be_visible()

    choose(page, "c.txt")
    choose(page, "world")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Delete world, c.txt? It cannot be undone.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nothing in here")).to_be_visible()
    assert list(folder.iterdir()) == []


@pytest.mark.expects_errors("status of 409", "status of 400")
def test_a_refusal_is_said_where_it_was_asked(page: Page, volume: str, folder: Path) -> None:
    (folder / "world").mkdir()
    page.goto(at(volume))

    page.get_by_role("button", name="New folder").click()
    page.get_by_label("Name", exact=True).fill("world")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("dialog").get_by_text("File already exists at path: world")).to_be_visible()
    assert_accessible(page)

    page.get_by_label("Name", exact=True).fill("../outside")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_text("path traversal detected")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_keyboard_is_enough(page: Page, volume: str, folder: Path) -> None:
    for name in "abcd":
        (folder / name).write_text(name)
    (folder / "world").mkdir()
    page.goto(at(volume))

    page.get_by_role("checkbox", name="Choose world").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.keyboard.press("Delete")
    expect(page.get_by_text("Delete a, b? It cannot be undone.")).to_be_visible()
    page.get_by_role("dialog").get_by_role("button", name="Delete").press("Enter")
    expect(page.get_by_role("link", name="a", exact=True)).to_have_count(0)

    page.get_by_role("checkbox", name="Choose c").focus()
    page.keyboard.press("Space")
    page.keyboard.press("F2")
    page.keyboard.type("e")
    page.keyboard.press("Enter")
    expect(page.get_by_role("checkbox", name="Choose e")).to_be_focused()
    page.keyboard.press("Control+a")
    expect(page.get_by_text("3 selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="With what is chosen")).to_be_hidden()

    page.get_by_role("link", name="world").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing in here")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?path=world$"))
    assert sorted(path.name for path in folder.iterdir()) == ["d", "e", "world"]


# --- Editing and looking ----------------------------------------------------------------------


def type_over(page: Page, text: str) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    for number, line in enumerate(text.split("\n")):
        if number:
            page.keyboard.press("Enter")
        page.keyboard.insert_text(line)


def test_a_file_is_edited_and_saved_as_its_lines_end(page: Page, volume: str, folder: Path) -> None:
    (folder / "server.properties").write_bytes(b"motd=Hello\r\nport=1\r\n")
    page.goto(at(volume))
    page.get_by_role("link", name="server.properties", exact=True).click()
    expect(page.locator(".cm-content")).to_contain_text("motd=Hello")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()

    type_over(page, "motd=Bye\nport=2\n")
    expect(page.get_by_text("Not saved yet.")).to_be_visible()
    page.keyboard.press("Control+s")

    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    expect(page.locator("[data-file-size]")).to_have_text(f"{(folder / 'server.properties').stat().st_size} B")
    expect(page.locator("[data-file-changed]")).to_have_text("just now")
    assert (folder / "server.properties").read_bytes() == b"motd=Bye\r\nport=2\r\n"
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    assert_accessible(page)


@pytest.mark.expects_errors("status of 409")
@pytest.mark.parametrize(
    ("way", "files"),
    [
        ("Go on editing", {"a.txt": "theirs"}),
        ("Overwrite", {"a.txt": "mine"}),
        ("Reload, and lose mine", {"a.txt": "theirs"}),
        ("Keep mine as a copy", {"a.txt": "theirs", "a (copy).txt": "taken", "a (copy 2).txt": "mine"}),
    ],
)
def test_what_changed_meanwhile_is_not_overwritten_unasked(
    page: Page, volume: str, folder: Path, way: str, files: dict[str, str]
) -> None:
    (folder / "a.txt").write_text("before")
    if "a (copy).txt" in files:
        (folder / "a (copy).txt").write_text("taken")
    page.goto(at(volume, "a.txt"))
    expect(page.locator(".cm-content")).to_have_text("before")
    type_over(page, "mine")
    (folder / "a.txt").write_text("theirs")

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The file changed since you opened it: a.txt. Nothing is overwritten yet.")).to_be_visible()
    assert (folder / "a.txt").read_text() == "theirs"
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name=way).click()

    text = {"Reload, and lose mine": "theirs"}.get(way, "mine")
    expect(page.locator(".cm-content")).to_have_text(text)
    wait_until(
        lambda: {path.name: path.read_text() for path in folder.iterdir()} == files, 30, "the files are as was chosen"
    )
    if way == "Keep mine as a copy":
        expect(page.get_by_text("a (copy 2).txt").first).to_be_visible()


@pytest.mark.expects_errors("status of 404")
@pytest.mark.parametrize("gone", ["the file", "its folder"])
def test_what_was_deleted_meanwhile_can_be_written_anew(page: Page, volume: str, folder: Path, gone: str) -> None:
    file = folder / "world/a.txt"
    file.parent.mkdir()
    file.write_text("before")
    page.goto(at(volume, "world/a.txt"))
    expect(page.locator(".cm-content")).to_have_text("before")
    type_over(page, "mine")
    file.unlink()
    if gone == "its folder":
        file.parent.rmdir()

    page.get_by_role("button", name="Save").click()
    page.get_by_role("dialog").get_by_role("button", name="Write it anew").click()

    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    assert file.read_text() == "mine"
    type_over(page, "mine again")
    page.keyboard.press("Control+s")
    wait_until(lambda: file.read_text() == "mine again", 30, "it is saved once more")


@pytest.mark.expects_errors("status of 409")
def test_a_volume_that_is_being_restored_is_not_taken_for_a_changed_file(page: Page, volume: str, folder: Path) -> None:
    sentence = "The volume is being restored from a backup; wait until that is done, or cancel it"
    (folder / "a.txt").write_text("before")
    page.goto(at(volume, "a.txt"))
    type_over(page, "mine")
    page.route("**/files?", lambda route: route.fulfill(status=409, json={"error": sentence}))

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text(sentence)).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_text("Not saved yet.")).to_be_visible()


def test_pictures_are_shown_and_long_texts_from_their_end(page: Page, volume: str, folder: Path) -> None:
    (folder / "icon.png").write_bytes(PNG)
    (folder / "latest.log").write_text("".join(f"line {number} é\n" for number in range(200_000)))

    page.goto(at(volume, "icon.png"))
    picture = page.get_by_role("img", name="icon.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.decode().then(() => each.naturalWidth)") == 1

    page.goto(at(volume, "latest.log"))
    lines = page.locator(".files-end pre")
    expect(lines).to_contain_text("line 199999 é")
    first = lines.inner_text().splitlines()[0]
    page.get_by_role("button", name="Earlier lines").click()
    expect(lines).to_contain_text(f"line {int(first.split()[1]) - 1} é\n{first}")
    with (folder / "latest.log").open("a") as file:
        file.write("and one more\n")
    page.get_by_role("button", name="Latest lines").click()
    expect(lines).to_contain_text("line 199999 é\nand one more")
    assert_accessible(page)


# --- Others --------------------------------------------------------------------------------


def test_who_may_only_read_can_change_nothing(
    administrators_page: Page, as_user: PersonFactory, lightd: Lightd
) -> None:
    container, guest = lightd.create(), as_user("gina")
    (lightd.files(container) / "a.txt").write_text("text")
    lightd.http.put(f"/containers/{container}/grants/{guest.username}", json={"permissions": ["files.read"]})
    page = guest.page

    page.goto(f"/dashboard/container/{container}/")
    page.get_by_role("link", name="Files", exact=True).click()
    for button in ("Upload", "New folder", "Delete"):
        expect(page.get_by_role("button", name=button)).to_have_count(0)
    page.get_by_role("link", name="a.txt", exact=True).press("ArrowDown")
    page.get_by_role("link", name="a.txt", exact=True).click()

    expect(page.locator(".cm-content")).to_have_text("text")
    page.locator(".cm-content").click()
    page.keyboard.insert_text("more")
    expect(page.locator(".cm-content")).to_have_text("text")
    expect(page.get_by_role("button", name="Save")).to_have_count(0)


def test_names_are_text_wherever_they_stand(page: Page, volume: str, folder: Path) -> None:
    names = [payload.replace("/", "⁄") for payload in PAYLOADS]
    for name in names:
        (folder / name).mkdir()
        (folder / name / "inside.txt").write_text("text")
    (folder / "link").symlink_to(PAYLOADS[0])
    tripwire = Tripwire(page.context)
    page.goto(at(volume))
    assert_shown(page, *names, PAYLOADS[0])

    for name in names:
        page.goto(at(volume, f"{name}/inside.txt"))
        expect(page.locator(".cm-content")).to_have_text("text")
        assert_shown(page, name)
    page.goto(at(volume))
    page.get_by_role("checkbox", name="Choose all on this page").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    assert_shown(page, sorted(names, key=str.casefold)[0])
    tripwire.assert_untouched(page)


def test_a_long_folder_is_gone_through_and_searched(page: Page, volume: str, folder: Path) -> None:
    for number in range(500):
        (folder / f"{number:03}.dat").touch()
    (folder / "200.dat").write_text("looked at")
    page.goto(at(volume))

    expect(page.get_by_text("Page 1 of 3")).to_be_visible()
    page.get_by_role("link", name="Next").click()
    first = page.get_by_role("link", name="200.dat", exact=True)
    expect(first).to_be_focused()
    page.get_by_label("Search here and below").fill("499")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 with “499” in the name.")).to_be_visible()
    page.get_by_role("link", name="Back to the folder").click()
    expect(page.get_by_text("Page 1 of 3")).to_be_visible()
