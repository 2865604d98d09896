#include "analysis/plot/plot_svg.h"

#include <fmt/format.h>

#include "analysis/plot/html.h"
#include "analysis/plot/html_style.h"
#include "analysis/plot/plot.h"

namespace isoloss {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// Drops every `<open ... close` with what lies between.
void drop_all(std::string& text, std::string_view open, std::string_view close) {
  for (std::size_t at = text.find(open); at != std::string::npos; at = text.find(open, at)) {
    const std::size_t end = text.find(close, at);
    if (end == std::string::npos) return;
    text.erase(at, end + close.size() - at);
  }
}

// gnuplot opens a group for each change of pen, most of them empty.
void drop_empty_groups(std::string& text) {
  std::string out;
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t open = text.find("<g ", from);
    if (open == std::string::npos) break;
    const std::size_t end = text.find('>', open);
    const std::size_t next =
        end == std::string::npos ? end : text.find_first_not_of("\n\t ", end + 1);
    out.append(text, from, open - from);
    if (next != std::string::npos && text.compare(next, 4, "</g>") == 0) {
      from = next + 4;
    } else {
      out.append(text, open, 3);
      from = open + 3;
    }
  }
  out.append(text, from);
  text = std::move(out);
}

// How gnuplot writes "#rrggbb".
std::string as_gnuplot_writes(const std::string& colour) {
  const auto part = [&](std::size_t at) { return std::stoi(colour.substr(at, 2), nullptr, 16); };
  return fmt::format("rgb({:3}, {:3}, {:3})", part(1), part(3), part(5));
}

// An attribute with a series colour becomes a class that the page colours; the literal colour stays
// as an attribute for viewers without CSS.
void recolour(std::string& text) {
  for (int ink = 1; ink <= kInks; ++ink) {
    const std::string colour = as_gnuplot_writes(ink_colour(ink));
    const std::string own = fmt::format("class='ink-{}' color='{}'", ink, ink_colour(ink));
    replace_all(text, fmt::format("stroke='{}'", colour), own + " stroke='currentColor'");
    replace_all(text, fmt::format("fill = '{}'", colour), own + " fill='currentColor'");
    replace_all(text, fmt::format(" color='{}'", colour), " " + own);
    replace_all(text, fmt::format("stroke=\"{}\"", colour), "stroke=\"currentColor\"");
  }
  replace_all(text, " class=\"gridline\"", "");
  replace_all(text, "stroke='rgb(190, 190, 190)'",
              "class='ink-muted' color='#c9ced6' stroke='currentColor'");
  for (const char* black : {"black", "rgb(  0,   0,   0)", "rgb(0,0,0)"}) {
    for (const char* attribute : {"stroke", "fill"}) {
      for (const char quote : {'"', '\''}) {
        replace_all(text, fmt::format("{0}={2}{1}{2}", attribute, black, quote),
                    fmt::format("{0}={1}currentColor{1}", attribute, quote));
      }
    }
    replace_all(text, fmt::format(" color='{}'", black), "");
  }
  for (const char* pen : {"black", "gray", "#FFFFFF"}) {
    replace_all(text, fmt::format(" color=\"{}\"", pen), "");
  }
}

// Gives the first tips.size() markers of every clause their titles; those behind them are samples
// of the key. False where a clause has fewer.
bool place_tips(std::string& text, const std::vector<std::vector<std::string>>& tips) {
  constexpr std::string_view group = "<g id=\"gnuplot_plot_", marker = "<use ", close = "/>";
  std::string out;
  std::size_t from = 0;
  for (std::size_t clause = 0; clause < tips.size(); ++clause) {
    if (tips[clause].empty()) continue;
    const std::size_t begin = text.find(fmt::format("{}{}\"", group, clause + 1), from);
    if (begin == std::string::npos) return false;
    const std::size_t end = text.find(group, begin + 1);
    std::size_t at = begin;
    for (const std::string& tip : tips[clause]) {
      at = text.find(marker, at);
      if (at >= end) return false;
      at = text.find(close, at);
      if (at >= end) return false;
      out.append(text, from, at - from);
      out += fmt::format("><title>{}</title></use>", html_escape(tip));
      from = at += close.size();
    }
  }
  out.append(text, from);
  text = std::move(out);
  return true;
}

}  // namespace

ThemedSvg themed_svg(std::string_view gnuplot_svg, const std::string& name,
                     const std::string& title, const std::vector<std::vector<std::string>>& tips) {
  const std::size_t canvas = gnuplot_svg.find("<g id=\"gnuplot_canvas\">");
  const std::size_t end = gnuplot_svg.rfind("</svg>");
  if (canvas == std::string_view::npos || end == std::string_view::npos) return {};
  std::string body(gnuplot_svg.substr(canvas, end - canvas));
  drop_all(body, "<filter", "</filter>");
  drop_all(body, "<title>gnuplot_plot", "</title>");
  if (!place_tips(body, tips)) return {};
  drop_all(body, "<rect x=\"0\"", "/>");  // the canvas; the page is the background
  recolour(body);
  for (int pass = 0; pass < 2; ++pass) drop_empty_groups(body);
  replace_all(body, " font-family=\"sans-serif\"", "");
  replace_all(body, " stroke-linecap=\"butt\" stroke-linejoin=\"miter\"", "");
  replace_all(body, "id=\"", fmt::format("id=\"{}-", name));
  replace_all(body, "id='", fmt::format("id='{}-", name));
  replace_all(body, "xlink:href='#", fmt::format("href='#{}-", name));
  const std::string label = html_escape(title);
  const auto open = [&](const char* more) {
    return fmt::format(
        "<svg{} class=\"plot\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {} {}\" "
        "color=\"#1c2128\" "
        "font-family=\"sans-serif\">\n<title>{}</title>\n",
        more, label, kPlotWidth, kPlotHeight, label);
  };
  ThemedSvg out;
  out.inlined = open("") + body + "</svg>\n";
  out.standalone = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" +
                   open(" xmlns=\"http://www.w3.org/2000/svg\"") + "<style>\n" + plot_style() +
                   ":root{background:var(--page)}\n</style>\n" + body + "</svg>\n";
  return out;
}

}  // namespace isoloss
