internal import Platform

/// A style sheet for the page's one style element.
struct PageStyle: Sendable {
  let text: String

  /// What a Content-Security-Policy names it by: the SHA-256 of the element's content, in Base64.
  var source: String { "'sha256-\(Self.base64(SHA256.digest(of: Array(text.utf8))))'" }

  private static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(0) { $0 << 8 | Int($1) } << ((3 - group.count) * 8)
      for digit in 0..<4 {
        text.append(digit <= group.count ? letters[bits >> (18 - 6 * digit) & 63] : "=")
      }
    }
    return text
  }

  /// The page's own: plain, and light or dark as the reader has it.
  static let page = PageStyle(
    text: """

      :root {
        color-scheme: light dark;
        --back: #fff; --raised: #f6f7f9; --text: #1c2024; --quiet: #60656c; --line: #dfe2e6;
        --link: #1557b0; --added: #17702f; --removed: #b3261e; --moved: #855600; --alarm: #fdeceb;
      }
      @media (prefers-color-scheme: dark) {
        :root {
          --back: #14171a; --raised: #1c2024; --text: #e6e8ea; --quiet: #9aa1a9; --line: #30363d;
          --link: #79b0ff; --added: #56c271; --removed: #ff8a80; --moved: #e0ae4f; --alarm: #3a1a18;
        }
      }
      * { box-sizing: border-box; }
      body {
        margin: 0 auto; padding: 1.5rem 1.5rem 4rem; max-width: 96rem;
        background: var(--back); color: var(--text);
        font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif;
      }
      h1 { margin: 0; font-size: 1.4rem; }
      h2 { margin: 2.25rem 0 .6rem; font-size: 1.1rem; }
      h3 { margin: 1.25rem 0 .4rem; font-size: 1rem; }
      p { margin: .4rem 0; }
      a { color: var(--link); text-underline-offset: .15em; }
      .skip { position: absolute; left: -100vw; }
      .skip:focus { left: 1rem; top: .5rem; padding: .3rem .6rem; background: var(--raised); }
      :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
      header {
        display: flex; flex-wrap: wrap; gap: .5rem 2rem; justify-content: space-between;
        margin-bottom: .75rem;
      }
      nav { display: flex; flex-wrap: wrap; gap: .3rem 1.25rem; align-items: center; }
      main > nav { margin: 1.25rem 0 0; }
      .quiet { color: var(--quiet); }
      .facts {
        display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem;
        margin: 1.25rem 0 0;
      }
      .facts div {
        padding: .6rem .9rem; background: var(--raised); border: 1px solid var(--line);
        border-radius: 8px;
      }
      dt { color: var(--quiet); font-size: .8rem; }
      dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
      dd small { display: block; color: var(--quiet); font-weight: 400; }
      .banner, .alert {
        margin: 1rem 0 0; padding: .6rem .9rem; border: 1px solid var(--quiet);
        border-left-width: 6px; border-radius: 8px; overflow-wrap: anywhere;
      }
      .alert { border-color: var(--removed); border-left-width: 4px; }
      .banner.bad { background: var(--alarm); border-color: var(--removed); }
      .banner h2 { margin: 0 0 .3rem; }
      .bad h2 { color: var(--removed); }
      .banner summary { cursor: pointer; padding: .2rem 0; }
      .good { color: var(--added); margin-top: 1rem; }
      ul { margin: .2rem 0; padding-left: 1.4rem; }
      .tree { overflow-wrap: anywhere; }
      form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: .6rem 0; }
      input, button {
        padding: .35rem .7rem; border: 1px solid var(--quiet); border-radius: 6px; font: inherit;
        background: var(--back); color: inherit;
      }
      input { width: 20rem; max-width: 100%; }
      button { background: var(--raised); cursor: pointer; }
      .wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px; }
      table { width: 100%; border-collapse: collapse; font-size: .82rem; }
      th, td { padding: .35rem .5rem; text-align: left; vertical-align: baseline; }
      thead th { background: var(--raised); font-weight: 600; }
      tr + tr > *, thead + tbody > tr > *, tbody + tbody > tr > * {
        border-top: 1px solid var(--line);
      }
      tbody th { font-weight: 400; }
      td, .name > a { white-space: nowrap; }
      .name small { display: block; color: var(--quiet); }
      .name { min-width: 14rem; overflow-wrap: anywhere; }
      .number { text-align: right; font-variant-numeric: tabular-nums; }
      .none { color: var(--quiet); }
      tbody tr:hover > * { background: var(--raised); }
      [aria-sort] a { font-weight: 700; }
      .group th { background: var(--raised); color: var(--quiet); }
      .badge {
        padding: 0 .4rem; border: 1px solid currentcolor; border-radius: 4px; font-size: .8rem;
      }
      .added { color: var(--added); }
      .removed { color: var(--removed); }
      .moved { color: var(--moved); }
      code { font: .85rem/1.5 ui-monospace, "DejaVu Sans Mono", monospace; }
      td.rule { min-width: 20rem; white-space: normal; overflow-wrap: anywhere; }
      bdi { unicode-bidi: isolate; }
      @media (max-width: 70rem) {
        body { padding: 1rem .75rem 3rem; }
        .wide { border: 0; overflow-x: visible; }
        table, tbody, tr, th, td { display: block; }
        thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
        tr + tr > *, thead + tbody > tr > *, tbody + tbody > tr > * { border-top: 0; }
        tbody tr { padding: .5rem 0; border-top: 1px solid var(--line); }
        th, td, td.rule, .name { min-width: 0; white-space: normal; padding: .1rem .3rem; }
        td, .name > a { white-space: normal; overflow-wrap: anywhere; }
        td[data-label] { display: grid; grid-template-columns: 9rem 1fr; gap: .5rem; text-align: left; }
        td[data-label]::before { content: attr(data-label); color: var(--quiet); }
        td.rule { display: block; }
      }

      """)
}
