// Opens each page, chooses each box, and looks at what is shown then.
addEventListener("load", async () => {
  let chosen = 0;
  for (const frame of document.querySelectorAll("iframe")) {
    const name = frame.title, page = frame.contentDocument, view = frame.contentWindow;
    const shown = () => [...page.querySelectorAll(".panel")].filter((p) => view.getComputedStyle(p).display !== "none");
    if (view.performance.getEntriesByType("resource").length) said(name, "asks for something");
    if (page.documentElement.scrollWidth > 1500) said(name, "is wider than its window");
    if (page.querySelector("script")) said(name, "has a script");
    if (shown().length) said(name, "shows a box before one is chosen");
    for (const link of page.querySelectorAll(".chart a")) {
      view.location.hash = link.getAttribute("href");
      await new Promise((done) => setTimeout(done, 0));
      const panels = shown();
      if (panels.length !== 1 || "#" + panels[0].id !== link.getAttribute("href"))
        said(name, `${link.textContent} opens ${panels.length} panels`);
      const edge = page.querySelector("aside").getBoundingClientRect();
      for (const part of panels[0]?.querySelectorAll("h3, p, pre, table") ?? [])
        if (part.getBoundingClientRect().right > edge.right + 1) said(name, `"${part.textContent.slice(0, 40)}" leaves its panel`);
      for (const text of panels[0]?.querySelectorAll("h3, h4, p, td, pre, summary") ?? []) {
        let ground = text;
        while (view.getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
        const ratio = contrast(view.getComputedStyle(text).color, view.getComputedStyle(ground).backgroundColor);
        if (ratio < 4.5) said(name, `contrast ${ratio.toFixed(2)} of "${text.textContent.slice(0, 40)}"`);
      }
      chosen++;
    }
    for (const link of page.querySelectorAll("a[href^='#c']"))
      if (!page.getElementById(link.getAttribute("href").slice(1))) said(name, `a link leads nowhere: ${link.textContent}`);
  }
  document.getElementById("found").textContent = JSON.stringify({ chosen, problems });
});
