//! What a guide says that something prints, in which `…` stands for anything: in a line for any part of
//! it, alone in a line for any lines. Knows nothing of guides.

const ANYTHING: char = '…';

/// Whether this is all of the text.
pub fn is_all_of(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (lines(pattern), lines(text));
    fits(&pattern, &text)
}

/// Where this ends in the text, in lines, if it is there as a whole.
pub fn end_in(pattern: &str, text: &str) -> Option<usize> {
    let (pattern, text) = (lines(pattern), lines(text));
    // The earliest end, wherever it begins.
    (0..=text.len()).find(|end| (0..=*end).any(|start| fits(&pattern, &text[start..*end])))
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

fn fits(pattern: &[&str], text: &[&str]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((line, rest)) if is_any(line) => {
            (0..=text.len()).any(|skipped| fits(rest, &text[skipped..]))
        }
        Some((line, rest)) => text
            .split_first()
            .is_some_and(|(first, others)| is_line(line, first) && fits(rest, others)),
    }
}

fn is_any(line: &str) -> bool {
    line.trim().chars().eq([ANYTHING])
}

/// Whether a line is as the pattern of one has it.
fn is_line(pattern: &str, line: &str) -> bool {
    let Some((first, rest)) = pattern.split_once(ANYTHING) else { return pattern == line };
    let Some(mut line) = line.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split(ANYTHING).collect();
    let last = parts.pop().expect("a split text has a part");
    for part in parts {
        let Some((_, behind)) = line.split_once(part) else { return false };
        line = behind;
    }
    line.ends_with(last)
}

#[test]
fn a_line_is_what_it_says_but_for_what_may_be_anything() {
    for (pattern, line) in
        [("a", "a"), ("a…c", "ac"), ("a…c", "a b c"), ("…", ""), ("…b…d…", "abcde"), ("x …", "x y")]
    {
        assert!(is_line(pattern, line), "{pattern}: {line}");
    }
    for (pattern, line) in
        [("a", "ab"), ("a…", "ba"), ("…a", "ab"), ("a…a", "a"), ("a…b…b", "ab"), ("", "a")]
    {
        assert!(!is_line(pattern, line), "{pattern}: {line}");
    }
}

#[test]
fn a_text_is_all_of_its_lines() {
    assert!(is_all_of("a\n…\nd\n", "a\nb\nc\nd\n") && is_all_of("a\n…\nd", "a\nd"));
    assert!(is_all_of("", "") && is_all_of("…\n", "") && is_all_of("a\n", "a"));
    for (pattern, text) in [("a\n", "a\nb\n"), ("b\n", "a\nb\n"), ("a\n…\n", ""), ("a…b", "a\nb")]
    {
        assert!(!is_all_of(pattern, text), "{pattern:?}: {text:?}");
    }
}

#[test]
fn what_is_somewhere_in_a_text_ends_as_early_as_it_can() {
    let text = "a 1\nb\na 2\nb\nc\n";
    assert_eq!(end_in("a …\nb\n", text), Some(2));
    assert_eq!(end_in("a …\nb\nc\n", text), Some(5));
    assert_eq!(end_in("a 1\n…\nc", text), Some(5));
    for none in ["a\n", "a 1\nc\n", "b\nb\n", "c\nd\n"] {
        assert_eq!(end_in(none, text), None, "{none:?}");
    }
}
