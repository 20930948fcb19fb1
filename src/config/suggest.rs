//! What somebody probably meant by a name that does not exist.
//! Only guesses; nothing is ever set by a guess.

use super::key::KeyPath;
use super::schema::Schema;

/// How alike two words must be, from 0 to 1. Lets `slot` be `slots` and `timeout` be
/// `timeout_max`, but not `name` be `file`.
const LIKENESS_MIN: f64 = 0.8;

/// The key that is nearest to one that does not exist, if any is near.
pub(super) fn nearest_key(path: &KeyPath, schema: &Schema) -> Option<KeyPath> {
    let (section, word) = path.split_last();
    let section = section.to_string();
    let mut best: Option<(f64, KeyPath)> = None;
    let candidates = schema.candidates(path);
    for candidate in &candidates {
        let (candidate_section, candidate_word) = candidate.split_last();
        let section_likeness = likeness(&section, &candidate_section.to_string());
        let word_likeness = likeness(word, candidate_word);
        let sum = section_likeness + word_likeness;
        let is_near = section_likeness >= LIKENESS_MIN && word_likeness >= LIKENESS_MIN;
        if is_near && best.as_ref().is_none_or(|(best, _)| sum > *best) {
            best = Some((sum, candidate.clone()));
        }
    }
    // The right word in the wrong section is the other usual mistake.
    let elsewhere = || candidates.into_iter().find(|candidate| candidate.split_last().1 == word);
    best.map(|(_, key)| key).or_else(elsewhere)
}

/// The section that is nearest to one that does not exist, if any is near.
pub(super) fn nearest_section(name: &str, schema: &Schema) -> Option<String> {
    nearest(name, schema.sections())
}

/// The word that is nearest to another, if any is near.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let rate = |candidate: &'a str| (likeness(word, candidate), candidate);
    let near = candidates.into_iter().map(rate).filter(|(likeness, _)| *likeness >= LIKENESS_MIN);
    let best = near.max_by(|(one, _), (other, _)| one.total_cmp(other));
    best.map(|(_, candidate)| candidate.to_owned())
}

fn likeness(one: &str, other: &str) -> f64 {
    strsim::jaro_winkler(one, other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_the_one_that_was_meant() {
        let schema = Schema::new();
        let check = |written: &str, meant: Option<&str>| {
            let found = nearest_key(&KeyPath::from(written), &schema).map(|key| key.to_string());
            assert_eq!(found.as_deref(), meant, "{written}");
        };
        check("execution.slot", Some("execution.slots"));
        check("execution.workdirs", Some("execution.working_dirs"));
        check("webhook.retries_schedule", Some("webhook.retry_schedule"));
        check("webhok.timeot", Some("webhook.timeout"));
        check("server.slots", Some("execution.slots"));
        check("listen", Some("server.listen"));
        check("runtimes.python.comand", Some("runtimes.python.command"));
        check("runtimes.ruby.alias", Some("runtimes.ruby.aliases"));
        check("execution.foo", None);
        check("zebra.zebra", None);
    }

    #[test]
    fn the_nearest_section_is_the_one_that_was_meant() {
        let schema = Schema::new();
        let check = |written: &str, meant: Option<&str>| {
            assert_eq!(nearest_section(written, &schema).as_deref(), meant, "{written}");
        };
        check("sever", Some("server"));
        check("executions", Some("execution"));
        check("runtime", Some("runtimes"));
        check("zebra", None);
    }
}
