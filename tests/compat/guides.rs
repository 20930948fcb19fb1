//! The guides for those who come from other systems, walked from the first line to the last: every block
//! is run, and what it is said to print is what it prints. Knows nothing of what the guides say.

mod document;
mod installed;
mod pattern;
mod process;
mod walk;

use self::document::steps;
use self::walk::Walk;

#[track_caller]
fn walked(guide: &str) {
    let steps = steps(guide).unwrap_or_else(|error| panic!("{error}"));
    assert!(!steps.is_empty(), "nothing is run");
    let mut walk = Walk::begin();
    for step in &steps {
        walk.take(step);
    }
    walk.end();
}

#[test]
fn the_guide_for_those_who_come_from_hopx_works_as_written() {
    walked(include_str!("../../docs/migrate-from-hopx.md"));
}

#[test]
fn the_guide_for_those_who_come_from_cortex_works_as_written() {
    walked(include_str!("../../docs/migrate-from-cortex.md"));
}

#[test]
fn the_guide_for_those_who_come_from_fetch_hive_works_as_written() {
    walked(include_str!("../../docs/migrate-from-fetch-hive.md"));
}

/// A guide with one block behind a mark.
fn guide(mark: &str, block: &str) -> String {
    format!("{mark}\n```sh\n{block}\n```\n")
}

#[test]
#[should_panic(expected = "line 3: it ended with exit status: 3")]
fn a_command_that_fails_is_found_out() {
    walked(&format!("\n{}", guide("<!-- run -->", "exit 3")));
}

#[test]
#[should_panic(expected = "line 6: it printed something else")]
fn a_command_that_prints_something_else_is_found_out() {
    let prints = guide("<!-- prints -->", "43");
    walked(&format!("{}{prints}", guide("<!-- run -->", "echo 42")));
}

#[test]
#[should_panic(expected = "line 2: it ended before it was ready")]
fn a_server_that_does_not_start_is_found_out() {
    walked(&guide("<!-- background: server -->", "ringback serve --no-such-flag"));
}

#[test]
#[should_panic(expected = "`hopx-ai==0.4.0` is asked for, and 0.5.0 is installed")]
fn another_version_of_a_package_than_the_one_of_the_tests_is_found_out() {
    walked(&guide("<!-- run -->", "pip install hopx-ai==0.4.0"));
}

#[test]
fn what_a_block_sets_is_known_to_those_behind_it_and_to_no_other_terminal() {
    let set = guide("<!-- run -->", "A='b  c'\nexport D=e");
    let read = guide("<!-- run -->", "echo \"$A $D\"");
    let prints = guide("<!-- prints -->", "b  c e");
    let other = "<!-- background: other -->\n```sh\n\
                 echo \"${A-none}\"; echo 'listening on http://x'; exec sleep 1000\n```\n";
    let elsewhere = guide("<!-- prints: other -->", "none");
    walked(&format!("{set}{read}{prints}{other}{elsewhere}"));
}
