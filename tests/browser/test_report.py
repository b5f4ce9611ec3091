"""The report in a real browser: silent, readable without scripts, at every width, in light and dark."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import pytest

from logparse import parse_log, write_report

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Dialog, Page

pytestmark = pytest.mark.browser

HOSTILE: Final = "</script><img src=x onerror=alert(1)>"
OVERFLOW: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BACKGROUND: Final = "getComputedStyle(document.body).backgroundColor"
LAYERS: Final = "[...document.querySelectorAll('#a1n0 table.layers tbody th')].map(cell => cell.innerText)"


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory, sample_logs: Path) -> Callable[..., str]:
    """Write the report of a sample log (or of bytes), once, and give its address."""

    @cache
    def make(source: str | bytes) -> str:
        target = tmp_path_factory.mktemp("report") / "report.html"
        write_report(parse_log(sample_logs / source if isinstance(source, str) else source), target)
        return target.as_uri()

    return make


@pytest.fixture
def watched(page: Page) -> dict[str, list[str]]:
    """Everything that the page asks for, complains about, or pops up."""
    seen: dict[str, list[str]] = {"requests": [], "errors": [], "dialogs": []}

    def dismiss(dialog: Dialog) -> None:
        seen["dialogs"].append(dialog.message)
        dialog.dismiss()

    page.on("request", lambda request: seen["requests"].append(request.url))
    page.on("console", lambda message: seen["errors"].append(message.text))
    page.on("pageerror", lambda error: seen["errors"].append(str(error)))
    page.on("dialog", dismiss)
    return seen


@pytest.mark.parametrize("name", ["alexnet.log", "lenet_nan.log", "lenet_excerpt.log", "lstm.log"])
def test_a_report_asks_for_nothing_and_complains_about_nothing(
    page: Page, watched: dict[str, list[str]], report: Callable[..., str], name: str
) -> None:
    address = report(name)
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert watched == {"requests": [address], "errors": [], "dialogs": []}


def test_a_hostile_layer_name_stays_text(
    page: Page, watched: dict[str, list[str]], report: Callable[..., str], sample_logs: Path
) -> None:
    log = (sample_logs / "alexnet.log").read_bytes().replace(b"conv1", HOSTILE.encode())
    page.goto(report(log))
    page.wait_for_load_state("networkidle")
    assert watched["dialogs"] == watched["errors"] == []
    assert page.locator("img").count() == 0
    assert page.locator("#a1n0-1 th").inner_text() == HOSTILE
    assert any(text.startswith("</script>") for text in page.locator("svg.chart text").all_text_contents())


def test_the_policy_stops_what_would_be_smuggled_in(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("lenet_excerpt.log"))
    stopped = page.evaluate("""() => new Promise(resolve => {
      const stopped = [];
      document.addEventListener("securitypolicyviolation", event => {
        stopped.push(event.effectiveDirective);
        if (stopped.length === 2) resolve(stopped.sort());
      });
      const script = document.createElement("script");
      script.textContent = "window.smuggled = true";
      document.body.append(script);
      const image = document.createElement("img");
      image.src = "https://example.org/x.png";
      document.body.append(image);
    })""")
    assert stopped == ["img-src", "script-src-elem"]
    assert page.evaluate("window.smuggled") is None
    assert page.evaluate("document.querySelector('img').naturalWidth") == 0


def test_the_text_is_whole_without_scripts(new_page: Callable[..., Page], report: Callable[..., str]) -> None:
    address = report("alexnet.log")
    shown = {}
    for scripts in (True, False):
        page = new_page(java_script_enabled=scripts)
        page.goto(address)
        shown[scripts] = page.locator("main").inner_text()
    for words in ("AlexNet", "33,276,996", "61.0 M", "label_data_1_split", "SHA-256", "fc6 alone holds"):
        assert words in shown[False], words
    missing = {word for word in set(shown[True].split()) - set(shown[False].split()) if word[0].isdigit()}
    assert not missing
    assert len(shown[False]) > 0.95 * len(shown[True])


@pytest.mark.parametrize("name", ["alexnet.log", "resnet18.log", "lenet_nan.log"])
@pytest.mark.parametrize("width", [375, 768, 1440])
def test_nothing_runs_over_the_edge(page: Page, report: Callable[..., str], name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(report(name))
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert page.evaluate(OVERFLOW) == 0


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_dark_and_light_can_be_chosen_and_left_again(
    new_page: Callable[..., Page], report: Callable[..., str], *, scripts: bool
) -> None:
    page = new_page(java_script_enabled=scripts, color_scheme="light")
    page.goto(report("lenet_excerpt.log"))
    found = [page.locator("body").evaluate("node => getComputedStyle(node).backgroundColor")]
    for choice in ("Dark", "Light", "Dark", "Auto"):
        page.get_by_label(choice, exact=True).check()
        found.append(page.locator("body").evaluate("node => getComputedStyle(node).backgroundColor"))
    light, dark = found[0], found[1]
    assert light != dark
    assert found == [light, dark, light, dark, light]


def test_the_system_decides_until_one_chooses(new_page: Callable[..., Page], report: Callable[..., str]) -> None:
    address = report("lenet_excerpt.log")
    colours = []
    for scheme in ("light", "dark"):
        page = new_page(color_scheme=scheme)
        page.goto(address)
        colours.append(page.evaluate(BACKGROUND))
    assert colours[0] != colours[1]


def test_a_chosen_theme_is_remembered(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("lenet_excerpt.log"))
    page.get_by_label("Dark", exact=True).check()
    before = page.evaluate(BACKGROUND)

    def remembered() -> bool:
        page.reload()
        return page.locator("#theme-dark").is_checked()

    # The browser's storage is another process: on a busy machine a reload can overtake what was just stored.
    assert any(remembered() for _ in range(50))
    assert page.evaluate(BACKGROUND) == before


def test_the_table_sorts_worst_first_and_back(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    order = page.evaluate(LAYERS)
    page.locator("#a1n0").get_by_role("button", name="Most parameters first").click()
    assert page.evaluate(LAYERS)[:3] == ["fc6", "fc7", "fc8"]
    page.locator("#a1n0").get_by_role("button", name="Most MACs first").click()
    assert page.evaluate(LAYERS)[:3] == ["conv2", "conv3", "conv4"]
    page.locator("#a1n0").get_by_role("button", name="Network order").click()
    assert page.evaluate(LAYERS) == order


def test_a_head_sorts_by_keyboard_and_says_so(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    head = page.locator("#a1n0 thead th").nth(5)
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    assert page.evaluate(LAYERS)[0] == "fc6"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") is None
    assert page.evaluate(LAYERS)[0] == "data"


def test_what_is_not_known_stands_last_in_either_order(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("lenet_excerpt.log"))
    button = page.locator("#a1n0 thead th").nth(5).get_by_role("button")
    for _ in range(2):
        button.click()
        assert page.evaluate(LAYERS)[-1] == "(unnamed)"


def test_a_filter_shows_what_matches(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    page.locator("#a1n0").get_by_label("Filter layers").fill("InnerProduct")
    visible = "[...document.querySelectorAll('#a1n0 table.layers tbody tr:not([hidden]) th')]"
    assert page.evaluate(f"{visible}.map(cell => cell.innerText)") == ["fc6", "fc7", "fc8"]


def test_nets_are_tabs_with_scripts_and_stand_under_one_another_without(
    new_page: Callable[..., Page], report: Callable[..., str]
) -> None:
    address = report("alexnet.log")
    for scripts, visible in ((True, 1), (False, 2)):
        page = new_page(java_script_enabled=scripts)
        page.goto(address)
        assert page.locator("div.net:visible").count() == visible
        if scripts:
            page.get_by_role("tab", name="TEST net").click()
            assert page.locator("#a1n1").is_visible()
            assert not page.locator("#a1n0").is_visible()


def test_a_link_to_a_layer_opens_its_net(page: Page, report: Callable[..., str]) -> None:
    page.goto(f"{report('alexnet.log')}#a1n1-5")
    row = page.locator("#a1n1-5")
    assert row.is_visible()
    assert row.evaluate("node => node.matches(':target')")


def at_layer(page: Page, place: int, layers: int) -> tuple[float, float]:
    """Where the slot of a layer is in the first picture of the memory story."""
    picture = page.locator(".picture:visible svg.chart")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    assert box is not None
    left, right, width = map(float, str(page.locator(".picture:visible").get_attribute("data-ends")).split())
    x = left + (place + 0.5) / layers * (right - left)
    return box["x"] + x / width * box["width"], box["y"] + box["height"] / 2


def test_pointing_at_a_layer_tells_it_and_lights_its_row_and_a_click_leads_there(
    page: Page, report: Callable[..., str]
) -> None:
    page.goto(report("alexnet.log"))
    page.mouse.move(*at_layer(page, 5, 24))
    told = page.locator(".readout").inner_text()
    assert told.startswith("conv2, 4 × 256 × 27 × 27: own data 2.99 MB (13.2 %), data up to here 15.9 MB, logged ")
    assert page.locator("tr.lit th").all_text_contents() == ["conv2"]
    page.mouse.down()
    page.mouse.up()
    page.wait_for_url("**#a1n0-5")


def test_arrow_keys_walk_the_layers_of_the_picture(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    page.locator(".picture:visible .scroll").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.locator(".readout").inner_text().startswith("relu1, ")
    page.keyboard.press("End")
    assert page.locator(".readout").inner_text().startswith("loss, ")
    page.keyboard.press("Enter")
    page.wait_for_url("**#a1n0-23")


def test_a_range_can_be_taken_by_keys_and_a_tab_stands_in_the_address(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    page.locator(".picture:visible .scroll").focus()
    for keys in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "Shift+ArrowRight"):
        page.keyboard.press(keys)
    shown = page.locator("#a1n0 table.layers tbody tr:visible th").all_text_contents()
    assert shown == ["conv1", "relu1", "norm1"]
    page.get_by_role("tab", name="TEST net").click()
    assert page.url.endswith("#a1n1")


def test_a_range_of_the_picture_is_what_the_table_shows_and_sums(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    page.mouse.move(*at_layer(page, 1, 24))
    page.mouse.down()
    page.mouse.move(*at_layer(page, 3, 24), steps=4)
    page.mouse.up()
    shown = page.locator("#a1n0 table.layers tbody tr:visible th").all_text_contents()
    assert shown == ["conv1", "relu1", "norm1"]
    total = page.locator("#a1n0 table.layers tfoot td").all_text_contents()
    assert total[4:7] == ["9,292,800", "34,944", "105,415,200"]
    page.locator(".picture:visible .scroll").focus()
    page.keyboard.press("Escape")
    assert page.locator("#a1n0 table.layers tbody tr:visible").count() == 24
    total = page.locator("#a1n0 table.layers tfoot td").all_text_contents()
    assert total[4:7] == ["22,613,572", "60,965,224", "724,406,816"]


def test_a_module_unfolds_into_its_layers(page: Page, report: Callable[..., str], shared_logs: Path) -> None:
    page.goto(report((shared_logs / "genuine" / "googlenet.log").read_bytes()))
    assert page.locator(".picture:visible").get_attribute("data-grain") == "by module"
    page.mouse.move(*at_layer(page, 5, 20))
    page.mouse.down()
    page.mouse.up()
    assert page.locator(".picture:visible").get_attribute("data-grain") == "by layer"
    names = page.locator(".picture:visible svg.zoomed > g > text").all_text_contents()
    assert {"1x1", "3x3", "pool_proj"} <= set(names)
    page.keyboard.press("Escape")
    assert page.locator(".picture:visible svg.zoomed").count() == 0


def test_a_total_follows_the_filter_and_the_address_keeps_what_is_chosen(
    page: Page, new_page: Callable[..., Page], report: Callable[..., str]
) -> None:
    page.goto(report("alexnet.log"))
    net = page.locator("#a1n0")
    net.get_by_label("Filter layers").fill("InnerProduct")
    assert net.locator("tfoot td").nth(5).inner_text() == "58,631,144"
    assert "3 of 24 layers" in net.locator("output").inner_text()
    net.get_by_text("Columns", exact=True).click()
    net.get_by_label("Weights", exact=True).check()
    net.get_by_role("button", name="Parameters", exact=True).click()
    again = new_page()
    again.goto(page.url)
    rows = again.locator("#a1n0 tbody tr:visible")
    assert [row.split("\t")[-1] for row in rows.all_inner_texts()] == ["37,748,736", "16,777,216", "4,096,000"]
    assert again.locator("#a1n0 thead th").nth(5).get_attribute("aria-sort") == "descending"


def test_keys_filter_walk_unfold_and_explain(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.ariaLabel") == "Filter layers"
    page.keyboard.type("fc")
    page.locator("#a1n0 .sheet").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("tr[aria-current] th").inner_text() == "fc7"
    page.keyboard.press("Enter")
    assert "4096 × 4096 + 4096 biases" in page.locator("tr.unfolded").inner_text()
    page.keyboard.press("Enter")
    assert page.locator("tr.unfolded").count() == 0
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_the_table_leaves_the_page_as_text(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    net = page.locator("#a1n0")
    net.get_by_label("Filter layers").fill("fc8")
    with page.expect_download() as waiting:
        net.get_by_role("button", name="Download CSV").click()
    heads, row = waiting.value.path().read_text(encoding="utf-8").splitlines()
    cells = dict(zip(heads.split(","), row.split(","), strict=False))
    assert cells["Layer"] == "fc8"
    assert cells["Parameters"] == "4097000"
    assert "fc7" in row


def test_a_formula_in_a_name_is_text_in_a_spreadsheet(
    page: Page, report: Callable[..., str], sample_logs: Path
) -> None:
    log = (sample_logs / "alexnet.log").read_bytes().replace(b"conv1", b"=cmd|A1")
    page.goto(report(log))
    with page.expect_download() as waiting:
        page.locator("#a1n0").get_by_role("button", name="Download CSV").click()
    assert "\n'=cmd|A1," in waiting.value.path().read_text(encoding="utf-8")


def test_the_nine_columns_fit_and_their_head_stays(page: Page, report: Callable[..., str], shared_logs: Path) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(report((shared_logs / "genuine" / "googlenet.log").read_bytes()))
    sheet = page.locator("#a1n0 .sheet")
    assert sheet.evaluate("node => node.scrollWidth - node.clientWidth") == 0
    page.locator("#a1n0-90").scroll_into_view_if_needed()
    head = page.locator("#a1n0 thead th").nth(1)
    assert 0 <= head.evaluate("node => node.getBoundingClientRect().top") < 100


def test_on_a_phone_the_story_is_a_list_of_layers(page: Page, report: Callable[..., str]) -> None:
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(report("alexnet.log"))
    assert page.locator(".picture:visible .slots li:visible").count() == 24
    assert page.locator(".picture svg.chart:visible").count() == 0


def test_print_has_all_nets_and_no_buttons(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    page.emulate_media(media="print")
    assert page.locator("div.net:visible").count() == 2
    assert page.locator(".tools button:visible, .tabs button:visible, .sift:visible").count() == 0
    assert page.locator("svg.chart .bar").first.evaluate("node => getComputedStyle(node).display") != "none"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(
    new_page: Callable[..., Page], report: Callable[..., str], scheme: str
) -> None:
    """WCAG 2 AA: a contrast of 4.5 for text, in both themes."""
    page = new_page(color_scheme=scheme, bypass_csp=True)
    page.goto(report("lenet_nan.log"))
    low = page.evaluate(CONTRAST)
    assert low == []


CONTRAST: Final = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const low = [];
  for (const node of document.querySelectorAll("main *, nav *, header *")) {
    if (node.closest("svg") || node.closest("details:not([open])")) continue;
    if (![...node.childNodes].some(one => one.nodeType === 3 && one.data.trim())) continue;
    const style = getComputedStyle(node);
    if (style.visibility === "hidden" || style.opacity === "0" || !node.getClientRects().length) continue;
    const [a, b] = [light(rgb(style.color)), light(ground(node))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) low.push(`${node.tagName}.${node.className}: ${node.innerText.slice(0, 30)}`);
  }
  return [...new Set(low)];
}"""


def test_scrolling_parts_can_be_reached_and_have_a_name(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("alexnet.log"))
    nameless = "[...document.querySelectorAll('.scroll')].filter(one => one.tabIndex !== 0 || !one.ariaLabel).length"
    assert page.evaluate(nameless) == 0
    assert page.locator("svg[role=img]:not([aria-label])").count() == 0
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == "en"


# The first screen -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["alexnet.log", "lenet.log", "lenet_nan.log", "time_alexnet.log", "lenet_excerpt.log"])
@pytest.mark.parametrize(("width", "height", "screens"), [(1440, 900, 1), (375, 812, 2)], ids=["wide", "phone"])
def test_the_verdict_fits_the_first_screen(
    new_page: Callable[..., Page], report: Callable[..., str], name: str, width: int, height: int, screens: int
) -> None:
    page = new_page(viewport={"width": width, "height": height})
    page.goto(report(name))
    last = page.locator(".head .worst li, .head .calm").last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= height * screens


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_findings_are_filtered_by_severity(
    new_page: Callable[..., Page], report: Callable[..., str], *, scripts: bool
) -> None:
    page = new_page(java_script_enabled=scripts)
    page.goto(report("lenet_nan.log"))
    notes, errors = page.locator("#findings .notes > li"), page.locator("#findings .findings > li")
    assert notes.first.is_visible()
    page.get_by_label("5 notes").uncheck()
    assert not notes.first.is_visible()
    assert errors.first.is_visible()
    page.get_by_label("1 error").focus()
    page.keyboard.press("Space")
    assert not errors.first.is_visible()


def test_the_worst_finding_leads_to_where_it_is_told(page: Page, report: Callable[..., str]) -> None:
    page.goto(report("lenet_nan.log"))
    title = page.locator(".worst a").first.inner_text()
    page.locator(".worst a").first.click()
    told = page.locator("#finding1 h3")
    assert title in told.inner_text()
    assert page.evaluate("document.querySelector('#finding1').matches(':target')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["lenet.log", "lstm.log", "time_alexnet.log"])
def test_marks_stand_out_from_their_ground(
    new_page: Callable[..., Page], report: Callable[..., str], scheme: str, name: str
) -> None:
    """WCAG 2 AA: a contrast of 3 for what is drawn, in both themes. A hatched mark is as dark as its ground colour."""
    page = new_page(color_scheme=scheme, bypass_csp=True)
    page.goto(report(name))
    assert page.locator("svg.spark").count() >= 3
    assert page.evaluate(MARKS) == []


MARKS: Final = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const light = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = light(getComputedStyle(document.body).backgroundColor);
  const low = new Set();
  const marks = [".chart .bar", ".chart .dot", ".chart .line:not(.raw)", ".chart .rule", ".spark .bar", ".spark .line",
    ".swatch path"];
  for (const node of document.querySelectorAll(marks.join(", "))) {
    const style = getComputedStyle(node);
    let colour = node.matches(".line, .rule") ? style.stroke : style.fill;
    const pattern = /url\\("?#([^")]+)/.exec(colour);
    const ground = pattern && document.querySelector(`#${pattern[1]} .ground`);
    if (ground) colour = getComputedStyle(ground).fill;
    else if (pattern) colour = getComputedStyle(document.querySelector(`#${pattern[1]} .hatch`)).stroke;
    const [a, b] = [light(colour), paper].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 3) low.add(`${node.getAttribute("class")}: ${colour}`);
  }
  return [...low];
}"""


def test_kinds_are_apart_without_colour(page: Page, report: Callable[..., str]) -> None:
    """What stands side by side in a bar differs by a pattern, not by hue alone."""
    page.goto(report("alexnet.log"))
    fills = page.evaluate("""() => ["k-conv", "k-fc", "k-rec", "m-data", "m-diff", "m-params", "m-gradients",
      "m-history"].map(kind => { const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
        mark.setAttribute("class", `bar ${kind}`); document.querySelector("svg.chart").append(mark);
        return [kind, getComputedStyle(mark).fill.includes("url(")]; })""")
    assert dict(fills) == {
        "k-conv": False, "k-fc": True, "k-rec": True, "m-data": False, "m-diff": True, "m-params": False,
        "m-gradients": True, "m-history": True,
    }  # fmt: skip


# Print ----------------------------------------------------------------------------------------------------------------


def pages(page: Page, address: str) -> int:
    """Sheets of A4 that the report prints on."""
    page.goto(address)
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type ?/Page\b", printed))


def test_the_report_prints_on_few_pages(page: Page, report: Callable[..., str]) -> None:
    assert 4 < pages(page, report("alexnet.log")) <= 8


def test_the_report_of_a_large_net_prints_on_few_pages(
    page: Page, report: Callable[..., str], shared_logs: Path
) -> None:
    log = (shared_logs / "genuine/googlenet.log").read_bytes()
    assert 8 < pages(page, report(log)) <= 14
