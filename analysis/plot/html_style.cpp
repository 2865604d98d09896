#include "analysis/plot/html_style.h"

#include <fmt/format.h>

#include <array>

namespace isoloss {
namespace {

struct Ink {
  const char* light;
  const char* dark;
};

constexpr std::array<Ink, kInks> kPalette{{{"#0072b2", "#5ab4ee"},
                                           {"#d55e00", "#ff8f45"},
                                           {"#00866a", "#2fd0a0"},
                                           {"#a6337c", "#ee9fd0"},
                                           {"#8a6d00", "#e8c93a"},
                                           {"#5b46c2", "#b3a6ff"},
                                           {"#4a6572", "#a9c0cc"},
                                           {"#b3202c", "#ff8a8f"}}};

}  // namespace

std::string ink_colour(int ink) {
  return kPalette[static_cast<std::size_t>((ink - 1) % kInks)].light;
}

std::string plot_style() {
  std::string light, dark, classes;
  for (int ink = 1; ink <= kInks; ++ink) {
    const Ink& colours = kPalette[static_cast<std::size_t>(ink - 1)];
    light += fmt::format("--ink-{}:{};", ink, colours.light);
    dark += fmt::format("--ink-{}:{};", ink, colours.dark);
    classes += fmt::format(".ink-{0}{{color:var(--ink-{0})}}", ink);
  }
  return fmt::format(
      ":root{{color-scheme:light dark;--page:#ffffff;--text:#1c2128;--muted:#5d6672;--line:#c9ced6;"
      "{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{--page:#14181d;--text:#e4e8ed;"
      "--muted:#a2abb6;--line:#3d4650;{}}}}}\n"
      ".plot{{color:var(--text);font-family:system-ui,sans-serif}}"
      ".plot .ink-muted{{color:var(--line)}}{}\n",
      light, dark, classes);
}

std::string page_style() {
  return R"(*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}
main{max-width:1360px;margin:0 auto;padding:1rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.25rem;margin:2.2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}
p,li,dd{max-width:48rem;overflow-wrap:anywhere}
.note{color:var(--muted);font-size:.92rem}
.verdicts{list-style:none;margin:1rem 0;padding:0;display:grid;gap:.5rem 1rem;
grid-template-columns:repeat(auto-fit,minmax(min(100%,30rem),1fr))}
.verdicts li{padding:.55rem .8rem;border-left:4px solid currentColor;max-width:56rem}
.verdicts li span{color:var(--text)}
.verdicts b{font-size:1.08rem}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr));gap:1.6rem}
figure{margin:0;min-width:0;max-width:38rem}
figure svg{display:block;width:100%;height:auto}
figcaption{font-size:.92rem;color:var(--muted);max-width:36rem}
figcaption b{color:var(--text)}
.file{white-space:nowrap;font-size:.85em}
code{font-size:.92em}
.scroll{overflow-x:auto;margin:.5rem 0 1.2rem;max-width:100%;max-height:32rem;border:1px solid var(--line);
border-radius:4px;width:fit-content}
table{border-collapse:collapse;font-size:.88rem}
th,td{padding:.28rem .6rem;text-align:left;white-space:nowrap;border-top:1px solid var(--line)}
thead th{position:sticky;top:0;background:var(--page);vertical-align:bottom}
.number{text-align:right;font-variant-numeric:tabular-nums}
.sentence{white-space:normal;min-width:11rem;max-width:32rem}
.cards th,.cards td{white-space:normal}
.cards .number{white-space:nowrap}
.cards thead .number{white-space:normal}
.cards .sentence{min-width:9rem}
@media screen and (max-width:72rem){.cards{max-height:none;width:auto}.cards table,.cards tbody{display:block}
.cards thead{display:none}
.cards tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(7.4rem,1fr));padding:.4rem .2rem;
border-top:1px solid var(--line)}
.cards tr:first-child{border-top:0}
.cards td{border:0;padding:.15rem .3rem;overflow-wrap:anywhere}
.cards td:empty{display:none}
.cards td::before{content:attr(data-heading);display:block;color:var(--muted);font-size:.74rem}
.cards .number{text-align:left}
.cards .sentence{grid-column:1/-1;max-width:none}}
summary{cursor:pointer;color:var(--muted)}
dl{display:grid;grid-template-columns:minmax(7rem,max-content) minmax(0,1fr);gap:.35rem 1rem}
dt{color:var(--muted)}
dd{margin:0}
dd ul{margin:0;padding-left:1.1rem}
@media (max-width:32rem){dl{grid-template-columns:minmax(0,1fr);gap:0}dd{margin-bottom:.6rem}
main{padding:.7rem}h1{font-size:1.35rem}.verdicts{font-size:.88rem;gap:.3rem;margin:.6rem 0}
.verdicts li{padding:.25rem .6rem}.plots{gap:1rem}}
@media print{.scroll{max-height:none;overflow:visible;border:0}table{font-size:.6rem}
th,td{white-space:normal;padding:.15rem .3rem}thead th{position:static}
figure,.verdicts li,tr{break-inside:avoid}h2{break-after:avoid}
.plots{grid-template-columns:1fr 1fr}}
)";
}

}  // namespace isoloss
