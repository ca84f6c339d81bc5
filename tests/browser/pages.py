"""Every page there is, and how the administrator comes to it: what has to hold for all of them goes over this list."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.people import new_user
from tests.e2e.server import Lightd

Opener = Callable[[Page, Lightd], object]

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBDtOcRe7DNZa/1YRpWZm3eUnBNasCj2IzQJVtsGU19j alice@laptop"
SCRIPT = "#!/bin/sh\necho Unpacking the server\necho Done\n"


def at(path: str) -> Opener:
    """By its address."""
    return lambda page, lightd: page.goto(path)


def sign_in_page(page: Page, lightd: Lightd) -> None:
    page.context.clear_cookies()
    page.goto("/account/sign-in")


def ports_in_use(page: Page, lightd: Lightd) -> None:
    lightd.create(ports=[{"container_port": 80}, {"container_port": 53, "protocol": "udp"}])
    page.goto("/dashboard/ports/")


def volumes_in_use(page: Page, lightd: Lightd) -> None:
    lightd.create()
    page.goto("/dashboard/volumes/")


def files(page: Page, lightd: Lightd) -> None:
    container = lightd.create()
    folder = lightd.files(container)
    (folder / "world").mkdir()
    (folder / "latest.log").symlink_to("logs/2026-01-01.log")
    (folder / "server.properties").write_text("motd=Hello\nmax-players=20\n")
    (folder / "a name that is so long that it does not fit into a row of a phone's screen.txt").touch()
    page.goto(f"/dashboard/container/{container}/files")
    page.get_by_role("checkbox", name="Choose server.properties").check()


def sftp(page: Page, lightd: Lightd) -> None:
    container = lightd.create()
    lightd.http.post(f"/containers/{container}/sftp/keys", json={"public_key": PUBLIC_KEY})
    page.goto(f"/dashboard/container/{container}/files")
    page.get_by_text("SFTP", exact=True).click()
    page.get_by_role("button", name="Make a password").click()
    expect(page.get_by_text("This is the only time that you see it.")).to_be_visible()


def file_in_the_editor(page: Page, lightd: Lightd) -> None:
    files(page, lightd)
    page.get_by_role("link", name="server.properties", exact=True).click()
    expect(page.locator(".cm-content")).to_contain_text("motd=Hello")


def a_volume_s_files(page: Page, lightd: Lightd) -> None:
    volume = lightd.http.post("/volumes", json={}).json()["id"]
    page.goto(f"/dashboard/volumes/{volume}/files")


def done_to_files(page: Page, lightd: Lightd) -> None:
    """What was changed and moved, and an attempt that was refused."""
    container = lightd.create()
    volume = f"/volumes/{lightd.get(container)['volume_id']}"
    (lightd.files(container) / "server.properties").write_text("motd=Hello")
    move = {"source": "server.properties", "destination": "old.properties"}
    lightd.http.post(f"{volume}/chmod", json={"path": "server.properties", "mode": "600"}).raise_for_status()
    lightd.http.post(f"{volume}/move", json=move).raise_for_status()
    assert lightd.http.post(f"{volume}/move", json=move).status_code == 404
    page.goto(f"/dashboard/container/{container}/activity?about=files")
    expect(page.locator("#activity tbody tr")).to_have_count(3)


def backups(page: Page, lightd: Lightd) -> None:
    container = lightd.create()
    (lightd.files(container) / "world").write_bytes(bytes(range(256)) * 4096)
    volume = lightd.http.get(f"/containers/{container}").json()["volume_id"]
    for name in ("before the update", "a name that is so long that it does not fit into a row of a phone's screen"):
        lightd.http.post(f"/volumes/{volume}/backups", json={"name": name})
    lightd.http.post(f"/volumes/{volume}/backup-schedules", json={"cron": "30 4 * * *", "time_zone": "Europe/Berlin"})
    page.goto(f"/dashboard/container/{container}/backups")
    made = page.locator("#backups tbody tr")
    expect(made.get_by_text("good")).to_have_count(2)
    made.get_by_role("button", name="Lock against deletion: before the update").click()
    expect(made.get_by_text("locked")).to_be_visible()


def a_volume_s_backups(page: Page, lightd: Lightd) -> None:
    volume = lightd.http.post("/volumes", json={}).json()["id"]
    page.goto(f"/dashboard/volumes/{volume}/backups")
    expect(page.locator("#foreseen")).to_contain_text("every day")


def a_volume_to_resize(page: Page, lightd: Lightd) -> None:
    volume = lightd.http.post("/volumes", json={"size": 64}).json()["id"]
    lightd.http.post(f"/volumes/{volume}/upload?path=world", content=bytes(50 << 20))
    page.goto(f"/dashboard/volumes/{volume}/resize")


def a_volume_s_deletion(page: Page, lightd: Lightd) -> None:
    volume = lightd.http.post("/volumes", json={"size": 2048}).json()["id"]
    page.goto(f"/dashboard/volumes/{volume}/delete")


def images_and_a_failed_pull(page: Page, lightd: Lightd) -> None:
    lightd.create()
    page.goto("/dashboard/images/")
    image = f"127.0.0.1:1/nobody/{lightd.fresh_id('nothing')}"
    page.get_by_label("Pull an image").fill(image)
    page.get_by_role("button", name="Pull", exact=True).click()
    expect(page.get_by_text(f"{image}:latest could not be pulled")).to_be_visible()


def containers_in_the_admin(page: Page, lightd: Lightd) -> None:
    lightd.create()
    lightd.create(install_script="exit 1", wait="failed")
    page.goto("/admin/containers/container/")


def container_tab(tab: str, **fields: Any) -> Opener:
    """A tab of the page of a container that has run."""

    def open_it(page: Page, lightd: Lightd) -> None:
        container = lightd.create(**fields)
        lightd.start_and_wait(container)
        page.goto(f"/dashboard/container/{container}/{tab}")

    return open_it


def console(page: Page, lightd: Lightd) -> None:
    """With its figures."""
    container_tab("console")(page, lightd)
    expect(page.locator("[data-figure=cpu_usage]")).not_to_have_text("–", timeout=30_000)


def containers(page: Page, lightd: Lightd) -> None:
    """One that runs and one that failed, with what can be done to both."""
    ports = [{"container_port": port} for port in (25565, 8080, 80)]
    running = lightd.create(lightd.fresh_id("list"), limits={"memory": 64 << 20, "cpu": 0.5}, ports=ports)
    lightd.start_and_wait(running)
    failed = lightd.create(lightd.fresh_id("list"), install_script="exit 1", wait="failed")
    page.goto("/dashboard/containers/?search=list")
    expect(page.locator(f'tr[data-container="{running}"] [data-usage=memory_usage]')).to_contain_text("iB")
    page.get_by_label(f"Select {running}").check()
    page.get_by_label(f"Select {failed}").check()


def palette(page: Page, lightd: Lightd) -> None:
    container = lightd.create(lightd.fresh_id("palette"))
    page.goto("/dashboard/containers/?search=palette")
    page.keyboard.press("Control+k")
    page.keyboard.type(container)
    expect(page.get_by_role("option", name=f"Start {container}", exact=True)).to_be_visible()


def question_in_the_admin(page: Page, lightd: Lightd) -> None:
    container = lightd.create()
    page.goto(f"/admin/containers/container/?q={container}")
    page.get_by_role("row", name=container).get_by_role("checkbox").check()
    page.get_by_label("Action:").select_option(label="Delete the selected containers")
    page.get_by_role("button", name="Run").or_(page.get_by_role("button", name="Go")).click()
    expect(page.get_by_role("heading", name="Delete them?")).to_be_visible()


def tokens(page: Page, lightd: Lightd) -> None:
    for body in (
        {"name": "deploy", "ttl": "7d", "scopes": ["power", "console.read"], "containers": ["web-1"]},
        {"name": "once", "ttl": "1h", "remove_on_use": True},
        {"name": "gone", "ttl": "1s"},
    ):
        lightd.http.post("/auth/tokens", json=body)
    page.goto("/dashboard/tokens/")


def token_made(page: Page, lightd: Lightd) -> None:
    page.goto("/dashboard/tokens/new")
    page.get_by_label("Name").fill("deploy")
    page.get_by_label("Only these containers").press_sequentially("web-1,")
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("heading", name="deploy is made")).to_be_visible()


def users(page: Page, lightd: Lightd) -> None:
    new_user(lightd, "alice")
    page.goto("/dashboard/users/")


def user(page: Page, lightd: Lightd) -> None:
    username, _, _ = new_user(lightd, "alice")
    page.goto(f"/dashboard/users/?search={username}")
    page.get_by_role("link", name=username).click()
    expect(page.get_by_role("heading", name="Quota")).to_be_visible()


def user_made(page: Page, lightd: Lightd) -> None:
    page.goto("/dashboard/users/new")
    page.get_by_label("User name").fill(lightd.fresh_id("carol"))
    page.get_by_role("button", name="Create user").click()
    expect(page.get_by_role("heading", name="can sign in")).to_be_visible()


def audit(page: Page, lightd: Lightd) -> None:
    container = lightd.create()
    lightd.http.patch(f"/containers/{container}", json={"stop_timeout": 42})
    lightd.http.post(f"/containers/{container}/kill")
    page.goto("/dashboard/audit/")


def sharing(page: Page, lightd: Lightd) -> None:
    container = lightd.create()
    username, _, _ = new_user(lightd, "bob")
    lightd.http.put(f"/containers/{container}/grants/{username}", json={"permissions": ["power", "console.read"]})
    page.goto(f"/dashboard/container/{container}/sharing")


def sharing_changed(page: Page, lightd: Lightd) -> None:
    sharing(page, lightd)
    page.get_by_role("button", name="Change what").click()
    expect(page.get_by_role("button", name="Save")).to_be_visible()


def console_token_made(page: Page, lightd: Lightd) -> None:
    sharing(page, lightd)
    page.get_by_role("button", name="Make console token").click()
    expect(page.get_by_role("heading", name="A console token for")).to_be_visible()


PAGES: dict[str, Opener] = {
    "sign-in": sign_in_page,
    "overview": at("/"),
    "containers": containers,
    "palette": palette,
    "container-console": console,
    "container-files": files,
    "container-file": file_in_the_editor,
    "container-sftp": sftp,
    "container-statistics": container_tab("statistics"),
    "container-network": container_tab("network", ports=[{"container_port": 3000}]),
    "container-install": container_tab("install", install_script=SCRIPT),
    "container-settings": container_tab("settings"),
    "container-backups": backups,
    "container-activity": container_tab("activity"),
    "container-activity-files": done_to_files,
    "container-danger": container_tab("danger", ports=[{"container_port": 3000}]),
    "new-container": at("/dashboard/new-container"),
    "sessions": at("/account/sessions"),
    "password": at("/account/password"),
    "two-factor": at("/account/two-factor"),
    "two-factor-set-up": at("/account/two-factor/set-up"),
    "tokens": tokens,
    "token-new": at("/dashboard/tokens/new"),
    "token-made": token_made,
    "users": users,
    "user": user,
    "user-new": at("/dashboard/users/new"),
    "user-made": user_made,
    "audit": audit,
    "sharing": sharing,
    "sharing-changed": sharing_changed,
    "console-token-made": console_token_made,
    "api": at("/docs/"),
    "ports": ports_in_use,
    "ports-add": at("/dashboard/ports/add"),
    "volumes": volumes_in_use,
    "volumes-create": at("/dashboard/volumes/create"),
    "volumes-files": a_volume_s_files,
    "volumes-resize": a_volume_to_resize,
    "volumes-delete": a_volume_s_deletion,
    "volumes-backups": a_volume_s_backups,
    "backups": at("/dashboard/volumes/backups"),
    "images": images_and_a_failed_pull,
    "admin": at("/admin/"),
    "admin-question": question_in_the_admin,
    "admin-containers": containers_in_the_admin,
    "admin-events": at("/admin/containers/event/"),
    "admin-ports": at("/admin/ports/port/"),
    "admin-volumes": at("/admin/volumes/volume/"),
    "admin-backups": at("/admin/volumes/backup/"),
    "admin-operations": at("/admin/volumes/operation/"),
    "admin-users": at("/admin/accounts/user/"),
    "admin-user": at("/admin/accounts/user/1/change/"),
    "admin-tokens": at("/admin/accounts/apitoken/"),
    "admin-audit": at("/admin/accounts/auditentry/"),
}
