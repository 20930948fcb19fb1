//! A guide as what is to be done, one step after the other: each block of code has a mark in the line
//! before it that says what it is for. Does nothing itself.

/// Something to do, and the line at which the guide says so.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    pub line: usize,
    pub what: What<'a>,
}

/// What there is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// `file: NAME`: this is kept under the name.
    File { name: &'a str, text: String },
    /// `background: NAME`: this goes on running in a terminal of its own; it is ready when it says where
    /// it listens.
    Background { name: &'a str, script: String },
    /// `ends: NAME`: Ctrl-C in that terminal.
    Ends { name: &'a str },
    /// `run`: this is run, and must succeed.
    Run { script: String },
    /// `run: until it prints`: this is run again and again, until it prints what is said next.
    Look { script: String },
    /// `prints`: all that was printed by what was run last.
    Prints { pattern: String },
    /// `prints: NAME`: what a terminal says sooner or later, after what it was said to print before.
    PrintsIn { name: &'a str, pattern: String },
}

/// The steps of a guide in their order, but files come first: whoever follows it has them all.
///
/// # Errors
/// When a block has no mark or an unknown one, and when a mark has no block.
pub fn steps(guide: &str) -> Result<Vec<Step<'_>>, String> {
    let mut steps = Vec::new();
    let mut mark: Option<(usize, &str)> = None;
    let mut lines = (1..).zip(guide.lines());
    while let Some((line, text)) = lines.next() {
        if text.starts_with("```") {
            let (_, mark) =
                mark.take().ok_or_else(|| format!("line {line}: a block without a mark"))?;
            let block: Vec<&str> =
                lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```").collect();
            let what = marked(mark, block.join("\n") + "\n");
            let what = what.ok_or_else(|| format!("line {line}: what is `{mark}`?"))?;
            steps.push(Step { line, what });
            continue;
        }
        if let Some((line, mark)) = mark.take() {
            return Err(format!("line {line}: there is no block behind `{mark}`"));
        }
        let Some(found) = text.strip_prefix("<!-- ").and_then(|text| text.strip_suffix(" -->"))
        else {
            continue;
        };
        match found.strip_prefix("ends: ") {
            Some(name) => steps.push(Step { line, what: What::Ends { name } }),
            None => mark = Some((line, found)),
        }
    }
    // The sort is stable.
    steps.sort_by_key(|step| !matches!(step.what, What::File { .. }));
    Ok(steps)
}

fn marked(mark: &str, block: String) -> Option<What<'_>> {
    Some(match mark.split_once(": ") {
        None if mark == "run" => What::Run { script: block },
        None if mark == "prints" => What::Prints { pattern: block },
        Some(("run", "until it prints")) => What::Look { script: block },
        Some(("prints", name)) => What::PrintsIn { name, pattern: block },
        Some(("background", name)) => What::Background { name, script: block },
        Some(("file", name)) => What::File { name, text: block },
        _ => return None,
    })
}

#[test]
fn each_block_is_what_its_mark_says() {
    let guide = "# Guide\n\n<!-- run -->\n```sh\na\n\nb\n```\ntext\n<!-- prints -->\n```\nc\n```\n\
                 <!-- ends: receiver -->\n<!-- file: d.py -->\n```python\ne\n```\n";
    let steps = steps(guide).unwrap();
    let whats: Vec<_> = steps.iter().map(|step| (step.line, &step.what)).collect();
    assert_eq!(
        whats,
        [
            (16, &What::File { name: "d.py", text: "e\n".into() }),
            (4, &What::Run { script: "a\n\nb\n".into() }),
            (11, &What::Prints { pattern: "c\n".into() }),
            (14, &What::Ends { name: "receiver" }),
        ]
    );
}

#[test]
fn nothing_that_is_not_run_creeps_in() {
    let cases = [
        ("text\n```sh\nrm -rf /\n```\n", "line 2: a block without a mark"),
        ("```\nplain\n```\n", "line 1: a block without a mark"),
        ("<!-- run -->\n```sh\na\n```\n```sh\nb\n```\n", "line 5: a block without a mark"),
        ("<!-- runs -->\n```sh\na\n```\n", "line 2: what is `runs`?"),
        ("<!-- run -->\n\n```sh\na\n```\n", "line 1: there is no block behind `run`"),
    ];
    for (guide, error) in cases {
        assert_eq!(steps(guide).unwrap_err(), error);
    }
}
