#include "report/style.h"

/*
 * Series are those of Okabe and Ito ("Color Universal Design", 2008), darker or lighter where their
 * own would be less than three times as light or dark as the page.  The grounds of a confusion
 * matrix are the same colours with an alpha of 0.55 at most, under which the page's text has a
 * contrast of more than 4.5.
 */
#define LIGHT                                                                                      \
    "color-scheme:light;--page:#fff;--text:#1b1f23;--quiet:#586069;--line:#d8dde2;--faint:#eef1f3;" \
    "--link:#0a5ba8;--reference:#6f7881;"                                                          \
    "--s0:#0072b2;--s1:#c44e00;--s2:#007a58;--s3:#9c4a80;--s4:#8a6500;--s5:#3a86b8;--s6:#5b5f66;"    \
    "--s7:#7c4fc4;"
#define DARK                                                                                       \
    "color-scheme:dark;--page:#14171a;--text:#e4e7ea;--quiet:#a3abb3;--line:#343b42;--faint:#1e2328;" \
    "--link:#7db9f5;--reference:#8d969f;"                                                          \
    "--s0:#5ab4ec;--s1:#ff8f52;--s2:#2fc79a;--s3:#e29cc6;--s4:#e6b84a;--s5:#9fd0f0;--s6:#b3bac1;"    \
    "--s7:#b79cf0;"

static const char text[] =
    ":root{" LIGHT "--hit:0,114,178;--miss:213,94,0}"
    "@media(prefers-color-scheme:dark){:root{" DARK "--hit:34,124,184;--miss:204,92,20}}"
    "*{box-sizing:border-box}"
    "html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}"
    "@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}"
    "body{margin:0;background:var(--page);color:var(--text);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",\"Noto Sans\","
    "\"Liberation Sans\",Arial,sans-serif;font-variant-numeric:tabular-nums;"
    "overflow-wrap:anywhere}"
    "header,main,footer{max-width:76rem;margin:0 auto;padding:0 1rem}"
    "@media(min-width:48rem){header,main,footer{padding:0 2.5rem}}"
    "header{padding-top:2.25rem}"
    ".over{margin:0;color:var(--quiet);font-size:.875rem}"
    "h1{margin:.1rem 0 .5rem;font-size:clamp(1.5rem,1.2rem + 1.5vw,2.125rem);line-height:1.2;"
    "font-weight:650;letter-spacing:-.015em;text-wrap:balance}"
    "h2{margin:0 0 .35rem;font-size:1.3125rem;line-height:1.3;font-weight:650;letter-spacing:-.01em}"
    "h3{margin:1.75rem 0 .35rem;font-size:1rem;font-weight:650}"
    "p{max-width:42rem;margin:.5rem 0}"
    "a{color:var(--link);text-underline-offset:.15em}"
    "a:focus-visible,summary:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);"
    "outline-offset:2px;border-radius:2px}"
    ".skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:.5rem}"
    ".lede{max-width:46rem}.quiet,figcaption,caption,.note{color:var(--quiet)}"
    ".note,figcaption,caption,.legend{font-size:.875rem}"
    "section{margin-top:3.25rem}"
    /* the first figures */
    ".heads{display:grid;grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));"
    "gap:1.25rem 2rem;margin:1.75rem 0 1.25rem;padding:0}"
    ".heads div{border-top:2px solid var(--text);padding-top:.55rem}"
    ".heads dt{font-size:.875rem;color:var(--quiet)}"
    ".heads dd{margin:0}"
    ".heads .big{font-size:2.25rem;line-height:1.15;font-weight:600;letter-spacing:-.025em}"
    ".heads .small{font-size:.875rem;color:var(--quiet)}"
    "nav ul{display:flex;flex-wrap:wrap;gap:.15rem 1.25rem;margin:1.25rem 0 0;padding:0;"
    "list-style:none;font-size:.9375rem}"
    /* figures */
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,21rem),1fr));"
    "gap:1.5rem 2.25rem;margin:1.25rem 0}"
    "figure{margin:0;min-width:0}"
    "figcaption{margin-top:.35rem;max-width:42rem}"
    ".charts figure{max-width:34rem}"
    ".title{margin:0 0 .35rem;font-size:.9375rem;font-weight:600}"
    "img{image-rendering:pixelated;max-width:100%;height:auto;display:block;background:var(--faint)}"
    "img.smooth{image-rendering:auto}"
    ".chart{display:block;width:100%;height:auto;overflow:visible}"
    ".chart text{font-size:12px;fill:var(--quiet)}"
    ".chart .label{fill:var(--text)}"
    ".end{text-anchor:end}.middle{text-anchor:middle}"
    ".grid{stroke:var(--line);stroke-width:1}"
    ".axis{stroke:var(--quiet);stroke-width:1}"
    ".reference{stroke:var(--reference);stroke-width:1;stroke-dasharray:3 3}"
    ".whisker{stroke:var(--quiet);stroke-width:1.5}"
    ".curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}"
    ".field{fill:transparent;stroke:none}"
    ".dot{stroke:var(--page);stroke-width:1}"
    ".pt:hover .dot{stroke:var(--text);stroke-width:2}"
    ".pt:hover .bar{opacity:1;stroke:var(--text);stroke-width:1}"
    ".pt:hover .field{stroke:var(--quiet)}"
    ".bar{opacity:.78}"
    ".chart .name{font-weight:600}"
#define SERIES(n)                                                                                  \
    ".curve.s" #n "{stroke:var(--s" #n ")}.dot.s" #n ",.bar.s" #n ",.chart .name.s" #n              \
    "{fill:var(--s" #n ")}"
    SERIES(0) SERIES(1) SERIES(2) SERIES(3) SERIES(4) SERIES(5) SERIES(6) SERIES(7)
    ".legend{display:flex;flex-wrap:wrap;gap:.2rem 1.25rem;margin:.25rem 0 .75rem;padding:0;"
    "list-style:none}"
    ".legend li{display:flex;align-items:center;gap:.5rem}.legend svg{flex:none}"
    /* tables */
    ".scroll{overflow-x:auto;margin:1rem 0;max-width:100%;position:relative}"
    "table{border-collapse:collapse;font-size:.9375rem;line-height:1.35}"
    "caption{text-align:left;padding:0 0 .5rem;max-width:42rem}"
    "th,td{padding:.32rem .8rem .32rem 0;text-align:left;vertical-align:baseline}"
    "thead th{font-weight:600;font-size:.875rem;vertical-align:bottom;"
    "border-bottom:1px solid var(--text)}"
    "tbody tr+tr>*{border-top:1px solid var(--faint)}"
    "tbody th{font-weight:400}"
    ".sums>*{border-top:1px solid var(--text)!important}"
    ".n{text-align:right;white-space:nowrap;overflow-wrap:normal}"
    "td.n,th.n{padding-left:.4rem}"
    ".range{color:var(--quiet);font-size:.8125rem}"
    ".best{font-weight:650}"
    ".name{overflow-wrap:anywhere;min-width:4.5rem;max-width:22rem}"
    "th.name{min-width:5.5rem}"
    /* the confusion matrix */
    ".matrix{border-collapse:separate;border-spacing:2px}"
    ".matrix th,.matrix td{border:0!important;padding:.3rem .4rem;text-align:center}"
    ".matrix td{min-width:2.6rem;border-radius:2px;overflow-wrap:normal}"
    ".matrix tbody th{text-align:right;white-space:nowrap;max-width:none}"
    ".matrix .axes{font-weight:400;color:var(--quiet);font-size:.8125rem}"
    ".matrix .long{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;"
    "white-space:nowrap;vertical-align:bottom;margin:auto}"
    ".zero{color:var(--quiet)}"
#define LEVEL(n, alpha)                                                                            \
    ".h" #n "{background:rgba(var(--hit)," #alpha ")}.m" #n "{background:rgba(var(--miss)," #alpha ")}"
    LEVEL(1, .07) LEVEL(2, .12) LEVEL(3, .17) LEVEL(4, .22) LEVEL(5, .27) LEVEL(6, .32)
    LEVEL(7, .37) LEVEL(8, .42) LEVEL(9, .47) LEVEL(10, .52)
    /* pictures */
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.25rem,1fr));"
    "gap:1.5rem 1.25rem;margin:1.25rem 0;padding:0;list-style:none}"
    ".cards figcaption{font-size:.8125rem;line-height:1.4;margin-top:.4rem}"
    ".cards .truth{color:var(--text)}"
    ".cards b{font-weight:650}"
    ".path{display:block;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"
    "\"Liberation Mono\",monospace;font-size:.75rem}"
    ".strips{display:grid;grid-template-columns:minmax(4rem,max-content) 1fr;gap:.5rem 1rem;"
    "align-items:center;margin:1.25rem 0}"
    ".strips dt{text-align:right;font-size:.9375rem}"
    ".strips dd{margin:0;min-width:0}"
    ".tiles{display:flex;flex-wrap:wrap;gap:1rem 1.25rem;margin:1.25rem 0;padding:0;list-style:none}"
    ".tiles figcaption{margin-top:.25rem;max-width:12rem}"
    /* what is long */
    "details{margin:.75rem 0}"
    "summary{cursor:pointer;color:var(--link);font-size:.9375rem;width:fit-content}"
    "pre{margin:.75rem 0;padding:.9rem 1rem;background:var(--faint);font-size:.8125rem;"
    "line-height:1.55;white-space:pre-wrap;overflow-wrap:anywhere;border-radius:4px}"
    "pre,code,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"Liberation Mono\","
    "monospace}"
    "code,.mono{font-size:.875em}"
    "ul.plain{margin:.5rem 0;padding-left:1.2rem;max-width:46rem}"
    "footer{margin-top:4rem;padding-top:1rem;padding-bottom:3rem;color:var(--quiet);"
    "font-size:.875rem}"
    "@media(max-width:30rem){body{font-size:15px}.heads{grid-template-columns:1fr 1fr}"
    ".heads .big{font-size:1.75rem}.cards{grid-template-columns:1fr 1fr}section{margin-top:2.5rem}"
    ".matrix td{min-width:2rem;padding:.25rem}.matrix th{padding:.25rem}}"
    "@media print{:root{" LIGHT "}"
    "body{font-size:10pt}header,main,footer{max-width:none;padding:0}"
    "nav,.skip{display:none}"
    ".scroll{overflow:visible}"
    "section{margin-top:1.5rem}h2,h3,.title,caption{break-after:avoid}"
    "figure,tr,li,pre,.heads div,dd{break-inside:avoid}"
    "thead{display:table-header-group}"
    ".charts{grid-template-columns:1fr 1fr 1fr;gap:1rem}"
    "table{font-size:8.5pt}.matrix td{min-width:0;padding:.15rem .25rem}"
    "details::details-content{content-visibility:visible;block-size:auto}summary{color:inherit}"
    "*{-webkit-print-color-adjust:exact;print-color-adjust:exact}"
    "@page{margin:16mm}}";

const char *const style_sheet = text;
