"""The page of ponder serve in a browser: what a reader sees and does.

    serve_page.py FOLDER        FOLDER gets a virtual environment, made once. Returns 77 when pip cannot.

PONDER_SHOTS=FOLDER keeps pictures of it.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "unit")]
from fetched_python import python_with  # noqa: E402

REQUIREMENTS = ["selenium==4.51.0"]
ASK = "What is the sum of 14 and 8?"


def browser(width, height, dark=False):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", f"--window-size={width},{height}"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    # A window has a least width, which is more than a telephone's.
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
    if dark:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    return driver


class Page:
    def __init__(self, server, **kw):
        self.driver = browser(**kw)
        self.driver.get(server.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def all(self, css):
        return self.driver.find_elements("css selector", css)

    def text(self, css):
        return self.driver.find_element("css selector", css).text

    def wait(self, condition, what):
        from selenium.webdriver.support.ui import WebDriverWait
        WebDriverWait(self.driver, 60).until(lambda _: condition(), what)

    def choose(self, name, value):
        from selenium.webdriver.support.ui import Select
        Select(self.driver.find_element("id", name)).select_by_value(value)

    def ask(self, text, way=None, budget=None):
        if way:
            self.choose("way", way)
        if budget:
            self.choose("budget", budget)
        box = self.driver.find_element("id", "question")
        box.send_keys(text + "\n")

    def search_long(self):
        """A search that spends its whole budget."""
        self.driver.execute_script("document.querySelector('details').open = true; document.getElementById('methods').value = 'anneal'")
        self.ask(ASK, "think", "120")
        self.wait(lambda: self.all(".actions button"), "no buttons")

    def idle(self):
        self.wait(lambda: self.text("#send") == "Send", "the answer did not end")

    def shot(self, name):
        folder = os.environ.get("PONDER_SHOTS")
        if folder:
            self.driver.save_screenshot(os.path.join(folder, f"{name}.png"))

    def check_quiet(self):
        """Nothing that the browser complains of (scripts, styles, the policy), and nothing from elsewhere."""
        log = [x["message"] for x in self.driver.get_log("browser") if x["level"] == "SEVERE"]
        assert not log, log
        sources = self.driver.execute_script("return performance.getEntriesByType('resource').map(x => x.name)")
        assert sources and all(x.startswith(self.driver.current_url) for x in sources), sources

    def check_fits(self, width):
        wide, inner = self.driver.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        assert inner == width and wide <= width, f"{wide} pixels in {inner}"

    def tab_to(self, css):
        """Moves the focus as a reader without a mouse does."""
        from selenium.webdriver.common.action_chains import ActionChains
        from selenium.webdriver.common.keys import Keys
        for _ in range(80):
            if self.driver.execute_script("return document.activeElement.matches(arguments[0])", css):
                return self.driver.switch_to.active_element
            ActionChains(self.driver).send_keys(Keys.TAB).perform()
        raise AssertionError(f"no way to {css} by the keyboard")


def check_think(server, model):
    with Page(server, width=1440, height=900) as p:
        p.wait(lambda: p.text("#model"), "no model")
        p.shot("empty")
        p.ask(ASK, "think", "5")
        p.idle()
        heads = [h.text for h in p.all(".card h2")]
        assert "First reply" in heads and ("Likelier" in heads or "No likelier" in p.text(".card")), heads
        assert p.all(".chart .best") and p.all(".token"), "no chart, or no tokens"
        p.all(".token")[0].click()
        tip = p.driver.find_element("id", "alternatives")
        p.wait(tip.is_displayed, "no alternatives")
        assert "%" in tip.text, tip.text
        p.shot("think")
        before = p.text("#conversation .asked")
        p.driver.refresh()
        p.wait(lambda: p.all(".asked"), "the conversation is gone")
        assert p.text("#conversation .asked") == before
        p.check_fits(1440)
        p.check_quiet()


def check_reply_and_answer(server, model):
    with Page(server, width=360, height=800, dark=True) as p:
        p.ask(ASK, "reply")
        p.idle()
        token = p.all(".token")[0]
        p.driver.execute_script("arguments[0].focus()", token)
        assert len(p.driver.find_element("id", "alternatives").text.splitlines()) > 3, "no alternatives"
        p.shot("reply-telephone")
        p.ask(ASK, "answer", "5")
        p.idle()
        assert p.all(".bar meter"), p.text("#conversation")
        p.shot("answer-telephone")
        p.check_fits(360)
        p.check_quiet()
        p.driver.find_element("id", "clear").click()
        assert not p.all(".turn")


def check_a_reload_in_a_search(server, model):
    with Page(server, width=1000, height=900) as p:
        p.search_long()
        p.driver.refresh()
        p.wait(lambda: p.all(".actions button"), "the search did not go on")
        p.tab_to(".actions button").send_keys("\n")
        p.idle()
        assert p.all(".token") and not p.all(".error"), p.text("#conversation")


def check_stop(server, model):
    with Page(server, width=1000, height=900) as p:
        p.search_long()
        p.driver.find_element("id", "send").click()
        p.idle()
        assert "Stopped" in p.text(".card"), p.text(".card")


def main():
    if not os.environ.get("SERVE_PAGE_INSIDE"):
        python = python_with(REQUIREMENTS, sys.argv[1])
        os.execve(python, [python, *sys.argv], {**os.environ, "SERVE_PAGE_INSIDE": "1"})
    from ponder_cli import TOY
    from server import Server

    model = os.environ.get("PONDER_PAGE_MODEL", TOY)
    with Server(model=model) as server:
        for check in (check_think, check_reply_and_answer, check_a_reload_in_a_search, check_stop):
            check(server, model)
            print(check.__name__, "passed", flush=True)


if __name__ == "__main__":
    main()
