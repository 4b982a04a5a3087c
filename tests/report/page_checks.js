// Runs inside a report, in the browser: returns a list of what is wrong with the page.
(() => {
    const faults = [];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const say = (what, element) =>
        faults.push(what + ": " + (element ? element.outerHTML.slice(0, 160) : ""));
    for (const details of all("details")) details.open = true;

    // Structure
    if (document.documentElement.lang !== "en") say("the page has no language");
    if (!document.title.trim()) say("the page has no title");
    for (const landmark of ["header", "main", "footer"])
        if (all("body > " + landmark).length !== 1) say("not one <" + landmark + ">");
    if (all("h1").length !== 1) say("not one <h1>");
    let level = 0;
    for (const heading of all("h1,h2,h3,h4,h5,h6")) {
        const next = Number(heading.tagName[1]);
        if (next > level + 1) say("a heading skips a level", heading);
        if (!heading.textContent.trim()) say("an empty heading", heading);
        level = next;
    }
    const ids = all("[id]").map((element) => element.id);
    for (const id of new Set(ids))
        if (ids.filter((other) => other === id).length > 1) say("an id is there twice: " + id);
    for (const link of all("a")) {
        const target = link.getAttribute("href");
        if (!link.textContent.trim()) say("a link without text", link);
        if (!target.startsWith("#") || !document.getElementById(target.slice(1)))
            say("a link to nowhere", link);
    }
    for (const element of all("[aria-labelledby]"))
        for (const id of element.getAttribute("aria-labelledby").split(" "))
            if (!document.getElementById(id)?.textContent.trim()) say("labelled by nothing", element);

    // What is no text
    for (const image of all("img")) {
        if (!image.alt.trim()) say("an image without alt", image);
        if (!image.complete || !image.naturalWidth) say("an image that cannot be shown", image);
        if (!image.src.startsWith("data:image/png;base64,")) say("an image from elsewhere", image);
    }
    for (const svg of all("svg")) {
        const isHidden = svg.getAttribute("aria-hidden") === "true";
        if (!isHidden && (svg.getAttribute("role") !== "img" || !svg.querySelector(":scope > title") ||
                          !svg.querySelector(":scope > desc")))
            say("a chart without title and description", svg);
    }
    for (const chart of all("svg.chart")) {
        /* What y is, the heading says where no label does. */
        if (chart.querySelectorAll("text.label").length < 2 && !chart.closest("figure")?.querySelector(".title"))
            say("a chart without names of axes", chart);
        if (chart.querySelectorAll("text.tick").length < 3) say("a chart without ticks", chart);
        if (/NaN|inf/.test(chart.outerHTML)) say("a chart with what is no number", chart);
        for (const mark of chart.querySelectorAll("g.pt"))
            if (!mark.querySelector("title")?.textContent.trim()) say("a mark without its value", mark);
    }

    // Tables
    for (const table of all("table")) {
        if (!table.caption || !table.caption.textContent.trim()) say("a table without caption", table);
        for (const cell of table.querySelectorAll("th"))
            if (!cell.scope) say("a <th> without scope", cell);
        for (const row of table.querySelectorAll("tbody tr"))
            if (!row.querySelector("th[scope=row]")) say("a row without its name", row);
    }
    for (const region of all("[tabindex]"))
        if (!region.getAttribute("aria-label")) say("what takes the focus has no name", region);
    for (const details of all("details"))
        if (!details.querySelector(":scope > summary")?.textContent.trim()) say("details without summary", details);

    // Nothing runs
    if (all("script,iframe,object,embed,form,[style]").length) say("an element that is not allowed");
    for (const element of all("*"))
        for (const attribute of element.attributes)
            if (attribute.name.startsWith("on")) say("an attribute that runs", element);

    // Width: what is wider than the page scrolls by itself
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) say("the page is wider than its window");
    for (const element of all("body *")) {
        const box = element.getBoundingClientRect();
        if (box.right > width + 1 && box.width > 0 && !element.closest(".scroll, pre, svg, .skip"))
            say("reaches beyond the window", element);
    }

    for (const region of all(".scroll"))
        if (region.scrollWidth > region.clientWidth && getComputedStyle(region).backgroundImage === "none")
            say("scrolls without a sign of it", region);
    for (const image of all(".strips img"))
        if (image.getBoundingClientRect().width < 0.9 * Number(image.getAttribute("width")))
            say("samples that are made smaller", image);
    for (const row of all(".matrix tbody tr")) {
        const widths = [...row.querySelectorAll("td")].map((cell) => cell.getBoundingClientRect().width);
        if (width > 1000 && Math.max(...widths) > Math.min(...widths) + 1)
            say("columns of unequal width", row);
    }
    for (const grid of all(".charts")) {
        const flags = grid.querySelectorAll("text.flag").length;
        if (grid.querySelector("#curve-rate-t") && grid.querySelectorAll("svg.chart").length === 3 && flags !== 2)
            say("the best epoch is not marked", grid);
    }

    // Contrast, WCAG 2: 4.5 of text, 3 of large text and of what charts are drawn with
    const parse = (text) => {
        const numbers = (text.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
        return numbers.length < 4 ? [...numbers, 1] : numbers;
    };
    const over = (top, under) =>
        [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
    const ground = (element) => {
        const layers = [];
        for (let at = element; at; at = at.parentElement)
            layers.unshift(parse(getComputedStyle(at).backgroundColor));
        return layers.reduce((under, top) => over(top, under), [255, 255, 255, 1]);
    };
    const luminance = (colour) => {
        const [r, g, b] = colour.slice(0, 3).map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => {
        const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
        return (x + 0.05) / (y + 0.05);
    };
    let least = 99;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || element.closest("title,desc") || !element.checkVisibility())
            continue;
        const style = getComputedStyle(element), size = parseFloat(style.fontSize);
        const colour = parse(element.closest("svg") ? style.fill : style.color);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        const ratio = contrast(over(colour, ground(element)), ground(element));
        least = Math.min(least, ratio);
        if (ratio < (isLarge ? 3 : 4.5)) say("text with a contrast of " + ratio.toFixed(2), element);
    }
    for (const mark of all(".curve,.dot,.bar,.whisker,.axis,.reference")) {
        const style = getComputedStyle(mark), isFilled = mark.matches(".dot,.bar");
        const colour = parse(isFilled ? style.fill : style.stroke);
        colour[3] *= Number(style.opacity);
        const ratio = contrast(over(colour, ground(mark)), ground(mark));
        if (ratio < 3) say("a mark with a contrast of " + ratio.toFixed(2), mark);
    }

    const series = [...Array(8).keys()].map((i) =>
        getComputedStyle(document.documentElement).getPropertyValue("--s" + i).trim());
    return {faults, least, series, sections: all("section").map((section) => section.id)};
})()
