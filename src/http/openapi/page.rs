//! The reference as a page: `GET /docs`. It needs nothing from anywhere else, and no script.
//! Decides nothing about what is told.

use std::fmt::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::reference::{Entry, Object, Reference, Row, Span};

const STYLE: &str = include_str!("page.css");

/// What a browser may do with the page: nothing but to paint it with this very style.
pub(super) fn policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let hash = STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        )
    });
    &POLICY
}

/// The whole page.
pub(super) fn page(reference: &Reference) -> String {
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Ringback {version}: the HTTP API</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        version = escaped(&reference.version)
    );
    contents(&mut html, reference);
    let _ =
        writeln!(html, "<main>\n<h1>The HTTP API of Ringback {}</h1>", escaped(&reference.version));
    prose(&mut html, &reference.about);
    prose(
        &mut html,
        "Every answer has an `X-Request-Id`, which a request may bring itself. Every path answers other \
         methods with 405 and `Allow`.",
    );
    html +=
        "<p>The same for programs: <a href=\"openapi.json\">openapi.json</a>, OpenAPI 3.1.</p>\n";
    for section in &reference.sections {
        let _ =
            writeln!(html, "<h2 id=\"{}\">{}</h2>", anchor(&section.name), escaped(&section.name));
        prose(&mut html, &section.about);
        section.entries.iter().for_each(|one| entry(&mut html, one));
    }
    webhook(&mut html, &reference.webhook);
    html += "<h2 id=\"schemas\">Schemas</h2>\n";
    reference.objects.iter().for_each(|one| object(&mut html, one));
    html + "</main>\n</body>\n</html>\n"
}

/// The list of all operations.
fn contents(html: &mut String, reference: &Reference) {
    html.push_str("<nav aria-label=\"Contents\">\n<ul>\n");
    for section in &reference.sections {
        let (name, to) = (escaped(&section.name), anchor(&section.name));
        let _ = writeln!(html, "<li><a href=\"#{to}\">{name}</a><ul>");
        for Entry { id, summary, .. } in &section.entries {
            let _ = writeln!(html, "<li><a href=\"#{id}\">{}</a></li>", escaped(summary));
        }
        html.push_str("</ul></li>\n");
    }
    html.push_str(
        "<li><a href=\"#webhook\">What callers are sent</a></li>\n\
         <li><a href=\"#schemas\">Schemas</a></li>\n</ul>\n</nav>\n",
    );
}

fn entry(html: &mut String, entry: &Entry) {
    let Entry { id, method, path, summary, .. } = entry;
    let _ = write!(
        html,
        "<section id=\"{id}\">\n<h3><a href=\"#{id}\">{}</a></h3>\n\
         <p class=\"call\"><b class=\"{}\">{method}</b> <code>{}</code></p>\n",
        escaped(summary),
        method.to_lowercase(),
        escaped(path)
    );
    prose(html, &entry.about);
    prose(html, &entry.access);
    table(html, ["Parameter", "In", "Type", "What it is"], &entry.parameters);
    if let Some(body) = &entry.body {
        let _ = writeln!(html, "<p>Body: {}.</p>", spans(body));
    }
    table(html, ["Field", "", "Type", "What it is"], &entry.fields);
    table(html, ["Answer", "Headers", "Body", "When"], &entry.answers);
    let _ = writeln!(html, "<pre><code>{}</code></pre>\n</section>", escaped(&entry.curl));
}

fn webhook(html: &mut String, webhook: &Entry) {
    html.push_str("<section id=\"webhook\">\n<h2>What callers are sent</h2>\n");
    prose(html, &webhook.about);
    table(html, ["Header", "", "Type", "What it is"], &webhook.parameters);
    if let Some(body) = &webhook.body {
        let _ = writeln!(html, "<p>Body: {}.</p>", spans(body));
    }
    table(html, ["Your answer", "", "", "What it means"], &webhook.answers);
    html.push_str("</section>\n");
}

fn object(html: &mut String, object: &Object) {
    let (id, name) = (anchor(&object.name), escaped(&object.name));
    let _ = writeln!(html, "<section id=\"{id}\">\n<h3><a href=\"#{id}\">{name}</a></h3>");
    prose(html, &object.about);
    if !object.kind.is_empty() {
        let _ = writeln!(html, "<p>{}</p>", spans(&object.kind));
    }
    table(html, ["Field", "", "Type", "What it is"], &object.fields);
    html.push_str("</section>\n");
}

fn table(html: &mut String, head: [&str; 4], rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let head: String = head.iter().map(|cell| format!("<th scope=\"col\">{cell}</th>")).collect();
    // What is wider than a phone is moved sideways by itself.
    let _ = writeln!(html, "<div class=\"wide\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>");
    for Row { name, note, kind, about } in rows {
        let _ = writeln!(
            html,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(name),
            escaped(note),
            spans(kind),
            inline(about)
        );
    }
    html.push_str("</tbody></table></div>\n");
}

fn spans(spans: &[Span]) -> String {
    let spelt = spans.iter().map(|span| match span {
        Span::Text(text) => escaped(text),
        Span::Code(code) => format!("<code>{}</code>", escaped(code)),
        Span::Link(name) => format!("<a href=\"#{}\">{}</a>", anchor(name), escaped(name)),
    });
    spelt.collect()
}

/// Paragraphs of a description.
fn prose(html: &mut String, text: &str) {
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        let _ = writeln!(html, "<p>{}</p>", inline(paragraph));
    }
}

/// A sentence, in which code stands between backticks.
fn inline(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(at, piece)| match at % 2 {
        0 => escaped(piece),
        _ => format!("<code>{}</code>", escaped(piece)),
    });
    pieces.collect()
}

fn anchor(name: &str) -> String {
    format!("s-{}", name.to_lowercase().replace(' ', "-"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_never_markup() {
        assert_eq!(inline("a `<b>` & \"c\""), "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;");
    }
}
