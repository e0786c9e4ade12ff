"use strict";
{
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const read = (id) => {
    const element = document.getElementById(id);
    return element && JSON.parse(element.textContent);
  };
  const charts = [...document.querySelectorAll(".plot")].map((place) => ({
    place,
    spec: read(`${place.id}-spec`),
    follow: read(`${place.id}-follow`),
    panel: document.getElementById(`${place.id}-path`),
    point: null,
  }));

  // Colours are named in a specification ("$ink", "$1") and are those of the page's style.
  const palette = () => {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(`--${name}`).trim();
    const series = [1, 2, 3, 4, 5, 6].map((number) => of(`c${number}`));
    return {
      series,
      font: getComputedStyle(document.body).fontFamily,
      $page: of("page"), $raised: of("raised"), $ink: of("ink"), $soft: of("soft"), $line: of("line"),
      $scale: [[0, of("near")], [0.5, of("mid")], [1, of("far")]],
      ...Object.fromEntries(series.map((colour, place) => [`$${place + 1}`, colour])),
    };
  };
  const painted = (value, colours, key = "") => {
    if (Array.isArray(value)) return value.map((each) => painted(each, colours, key));
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([name, each]) => [name, painted(each, colours, name)]),
      );
    }
    return /color(scale)?$/.test(key) && value in colours ? colours[value] : value;
  };
  const axis = (colours) => ({
    gridcolor: colours.$line, linecolor: colours.$line, zerolinecolor: colours.$line,
    tickcolor: colours.$line, ticks: "outside", ticklen: 4, tickfont: { size: 12 }, title: { standoff: 10, font: { size: 13 } },
    automargin: true,
  });
  const template = (colours) => ({
    layout: {
      font: { family: colours.font, size: 13, color: colours.$soft },
      colorway: colours.series,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      margin: { l: 64, r: 16, t: 12, b: 52 },
      xaxis: axis(colours), yaxis: axis(colours),
      hoverlabel: {
        bgcolor: colours.$raised, bordercolor: colours.$line, align: "left",
        font: { family: colours.font, color: colours.$ink, size: 13 },
      },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: colours.$line, activecolor: colours.$soft },
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", bgcolor: "rgba(0,0,0,0)" },
    },
  });
  const settings = {
    displaylogo: false,
    responsive: true,
    // None that would ask for a network.
    modeBarButtons: [["toImage", "zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
  };

  // The path to a point: what was best after each round before it, then the point itself.
  const steps = (follow, point) => {
    const before = follow.best[follow.trial[point]].filter((each) => each < point);
    return [...before, point];
  };
  const pathTrace = ({ follow, point }) => {
    const path = steps(follow, point);
    return {
      type: "scatter", mode: "lines+markers", hoverinfo: "skip", showlegend: false, name: "path",
      x: path.map((each) => follow.x[each]), y: path.map((each) => follow.y[each]),
      line: { color: "$2", width: 2.5 },
      marker: {
        color: "$2", size: path.map((_, place) => (place === path.length - 1 ? 14 : 8)),
        line: { color: "$page", width: 1.5 },
      },
    };
  };
  const item = (texts, last) => {
    const line = document.createElement("li");
    if (last) line.className = "last";
    for (const text of texts) {
      const cell = document.createElement("span");
      cell.textContent = text;
      line.append(cell);
    }
    return line;
  };
  const tell = ({ follow, panel, point }) => {
    const path = steps(follow, point);
    const head = document.createElement("p");
    head.textContent = path.length > 1
      ? `Trial ${follow.trial[point]}: what was best after each round, up to the sentence chosen`
      : `Trial ${follow.trial[point]}: nothing was found before it`;
    const list = document.createElement("ol");
    path.forEach((each, place) => list.append(
      item([`round ${follow.round[each]}`, follow.score[each], follow.sentence[each]],
        place === path.length - 1),
    ));
    panel.replaceChildren(head, list);
  };

  const draw = (chart, width) => {
    const colours = palette();
    const { data, layout } = chart.spec;
    const traces = chart.point === null ? data : [...data, pathTrace(chart)];
    return Plotly.react(
      chart.place,
      painted(traces, colours),
      { ...painted(layout, colours), template: template(colours), width },
      settings,
    );
  };
  const choose = (chart, point) => {
    chart.point = point;
    tell(chart);
    draw(chart);
  };
  for (const chart of charts) {
    draw(chart);
    if (!chart.follow) continue;
    chart.place.on("plotly_click", (event) => {
      const point = event.points[0].customdata;
      if (Number.isInteger(point)) choose(chart, point);
    });
  }
  for (const button of document.querySelectorAll("button[data-chart]")) {
    button.addEventListener("click", () => {
      const chart = charts.find((each) => each.place.id === button.dataset.chart);
      choose(chart, Number(button.dataset.point));
      chart.place.scrollIntoView({ block: "center" });
    });
  }
  dark.addEventListener("change", () => charts.forEach((chart) => draw(chart)));
  addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("details")) each.open = true;
    charts.forEach((chart) => draw(chart, 660));
  });
  addEventListener("afterprint", () => charts.forEach((chart) => draw(chart)));
}
