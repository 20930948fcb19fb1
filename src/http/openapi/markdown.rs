//! The reference as Markdown: `docs/api.md`.
//! Decides nothing about what is told.

use std::fmt::Write;

use super::reference::{Entry, Object, Reference, Row, Span};

/// The whole text.
pub(super) fn markdown(reference: &Reference) -> String {
    let mut text = format!("# The HTTP API of Ringback {}\n\n", reference.version);
    text += "<!-- Written by `ringback openapi --markdown`. `UPDATE=1 cargo nextest run --test openapi \
             committed` writes it anew. -->\n\n";
    line(&mut text, &reference.about);
    line(
        &mut text,
        "Every server has this as a page at `/docs`, and as OpenAPI 3.1 at `/openapi.json`; here that is \
         [openapi.json](openapi.json). Every answer has an `X-Request-Id`, which a request may bring \
         itself. Every path answers other methods with 405 and `Allow`.",
    );
    for section in &reference.sections {
        let anchor = anchor(&section.name);
        line(&mut text, &format!("- [{}](#{anchor})", section.name));
        text.pop();
    }
    text += "- [What callers are sent](#what-callers-are-sent)\n- [Schemas](#schemas)\n\n";
    for section in &reference.sections {
        line(&mut text, &format!("## {}", section.name));
        line(&mut text, &section.about);
        section.entries.iter().for_each(|one| entry(&mut text, one));
    }
    line(&mut text, "## What callers are sent");
    let webhook = &reference.webhook;
    line(&mut text, &webhook.about);
    table(&mut text, ["header", "", "type", "what it is"], &webhook.parameters);
    if let Some(body) = &webhook.body {
        line(&mut text, &format!("Body: {}.", spans(body)));
    }
    table(&mut text, ["your answer", "", "", "what it means"], &webhook.answers);
    line(&mut text, "## Schemas");
    reference.objects.iter().for_each(|one| object(&mut text, one));
    let length = text.trim_end().len();
    text.truncate(length);
    text + "\n"
}

fn entry(text: &mut String, entry: &Entry) {
    line(text, &format!("### {}", entry.summary));
    line(text, &format!("`{} {}`", entry.method, entry.path));
    line(text, &entry.about);
    line(text, &entry.access);
    table(text, ["parameter", "in", "type", "what it is"], &entry.parameters);
    if let Some(body) = &entry.body {
        line(text, &format!("Body: {}.", spans(body)));
    }
    table(text, ["field", "", "type", "what it is"], &entry.fields);
    table(text, ["answer", "headers", "body", "when"], &entry.answers);
    line(text, &format!("```sh\n{}\n```", entry.curl));
}

fn object(text: &mut String, object: &Object) {
    line(text, &format!("### {}", object.name));
    line(text, &object.about);
    if !object.kind.is_empty() {
        line(text, &spans(&object.kind));
    }
    table(text, ["field", "", "type", "what it is"], &object.fields);
}

fn table(text: &mut String, head: [&str; 4], rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(text, "| {} |\n| --- | --- | --- | --- |", head.join(" | "));
    for row in rows {
        let name = if row.name.is_empty() { String::new() } else { format!("`{}`", row.name) };
        let cells = [name, row.note.clone(), spans(&row.kind), row.about.clone()];
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace('\n', " "));
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push('\n');
}

fn spans(spans: &[Span]) -> String {
    let spelt = spans.iter().map(|span| match span {
        Span::Text(text) => text.clone(),
        Span::Code(code) => format!("`{code}`"),
        Span::Link(name) => format!("[{name}](#{})", anchor(name)),
    });
    spelt.collect()
}

/// How a heading is linked to.
fn anchor(heading: &str) -> String {
    heading.to_lowercase().replace(' ', "-")
}

/// A paragraph.
fn line(text: &mut String, paragraph: &str) {
    if !paragraph.is_empty() {
        let _ = writeln!(text, "{paragraph}\n");
    }
}
