// Judges the pages named on the input, one after the other, in one browser; a line of JSON for each.
// Input: {"chrome": path, "pages": [{"name": …, "url": …, "headers": {…}}]}. The phone profile is Lighthouse's own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const needed = createRequire(`${process.cwd()}/`);
const load = async (name) => import(pathToFileURL(needed.resolve(name)).href);
const { default: lighthouse } = await load("lighthouse");
const { launch } = await load("chrome-launcher");

const CATEGORIES = ["performance", "accessibility", "best-practices"];
const FIGURES = ["largest-contentful-paint", "cumulative-layout-shift", "total-blocking-time", "total-byte-weight"];
// Now and then the browser records no beginning of a page, and Lighthouse asks to be run again.
const MOST_TRIES = 3;
const { chrome, pages } = JSON.parse(readFileSync(0, "utf8"));
const browser = await launch({
  chromePath: chrome,
  chromeFlags: ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  for (const { name, url, headers } of pages) {
    let lhr;
    for (let tries = 0; tries < MOST_TRIES && (lhr === undefined || lhr.runtimeError); tries += 1) {
      ({ lhr } = await lighthouse(url, {
        port: browser.port,
        output: "json",
        logLevel: "error",
        onlyCategories: CATEGORIES,
        extraHeaders: headers,
        // The live line keeps the network busy for as long as the page is open.
        maxWaitForLoad: 12_000,
      }));
    }
    const faults = {};
    for (const category of CATEGORIES) {
      for (const { id, weight } of lhr.categories[category].auditRefs) {
        const audit = lhr.audits[id];
        // Of performance the parts that no goal speaks of are advice.
        if (weight === 0 || category === "performance" || audit.score === null || audit.score === 1) continue;
        const where = (audit.details?.items ?? []).slice(0, 3);
        faults[id] = `${audit.title}: ${JSON.stringify(where.map((one) => one.node?.snippet ?? one))}`;
      }
    }
    const scores = Object.fromEntries(CATEGORIES.map((one) => [one, lhr.categories[one].score]));
    const figures = Object.fromEntries(FIGURES.map((one) => [one, lhr.audits[one]?.numericValue]));
    const error = lhr.runtimeError?.message;
    console.log(JSON.stringify({ name, landed: lhr.finalDisplayedUrl, scores, figures, faults, error }));
  }
} finally {
  browser.kill();
}
