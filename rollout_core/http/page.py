"""The few HTML pages that are no Streamlit: sign-in, sign-out, the interface. No script, no other host."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from starlette.responses import HTMLResponse

STYLE = """
@font-face{font-family:"IBM Plex Sans";src:url(/app/static/ibm-plex-sans-latin-wght-normal.woff2);font-weight:100 700}
:root{color-scheme:light dark;--ink:#0f1319;--quiet:#515b69;--paper:#fff;--field:#f5f6f8;--line:#dfe3e8;
--button:#1f2733}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--quiet:#a4aebc;--paper:#111418;--field:#1a1f26;--line:#2d343e;
--button:#5b6f95}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:400 15px/1.5 "IBM Plex Sans",sans-serif}
main{max-width:24rem;margin:12vh auto 0;padding:0 1.25rem}
main.wide{max-width:60rem;margin-top:3rem;padding-bottom:4rem}
img{height:30px;margin-bottom:1.5rem}
h1{font-size:26px;line-height:1.25;font-weight:600;margin:0 0 .5rem}
h2{font-size:19px;font-weight:600;margin:2rem 0 .5rem}
p{margin:0 0 1.25rem;color:var(--quiet)}
p.refused{color:var(--ink);border-left:3px solid #cb234a;padding-left:.75rem}
label{display:block;font-weight:500;margin:0 0 1rem}
input{display:block;width:100%;margin-top:.3rem;padding:.6rem .7rem;font:inherit;color:inherit;background:var(--field);
border:1px solid var(--line);border-radius:8px}
button,a.button{display:block;width:100%;padding:.65rem 1rem;font:inherit;font-weight:600;color:#fff;
background:var(--button);border:0;border-radius:6px;cursor:pointer}
a.button{margin:0 0 1.5rem;text-align:center;text-decoration:none}
input:focus-visible,button:focus-visible,a:focus-visible,summary:focus-visible{outline:2px solid #2b7de9;
outline-offset:2px}
details{border-top:1px solid var(--line);padding:.6rem 0}
summary{cursor:pointer}
code,pre{font-size:13px;font-family:ui-monospace,monospace}
pre{overflow:auto;padding:.75rem;background:var(--field);border-radius:8px}
table{border-collapse:collapse;width:100%;font-size:13px}
td,th{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line)}
"""

_DIGEST = b64encode(sha256(STYLE.encode()).digest()).decode()
POLICY = (f"default-src 'none'; style-src 'sha256-{_DIGEST}'; font-src 'self'; img-src 'self'; form-action 'self'; "
          "frame-ancestors 'none'; base-uri 'none'")


def page(title: str, body: str, status: int = 200, *, wide: bool = False) -> HTMLResponse:
    """A whole page around `body` (already escaped HTML). Never cached: it is about this visitor."""
    text = (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<link rel="icon" href="/app/static/mark.svg">'
            f"<style>{STYLE}</style></head><body><main{' class=wide' if wide else ''}>"
            f'<img src="/app/static/mark.svg" alt="">{body}</main></body></html>')
    return HTMLResponse(text, status, {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"})


def field(label: str, name: str, kind: str, hint: str) -> str:
    """A labelled input; `hint` is its autocomplete word."""
    return (f'<label>{escape(label)}<input name="{name}" type="{kind}" autocomplete="{hint}" required></label>')


def hidden(name: str, value: str) -> str:
    """A value that the form carries along."""
    return f'<input type="hidden" name="{name}" value="{escape(value, quote=True)}">'


def refusal(words: str) -> str:
    """Why the last try was refused; nothing when there was none."""
    return f'<p class="refused" role="alert">{escape(words)}</p>' if words else ""
