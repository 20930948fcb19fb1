//! Output beyond what is kept, where the request wants that to be an end.

use serde_json::json;

use crate::kinds::{KINDS, expect_exceeded, limited};

#[test]
fn a_program_that_writes_too_much_is_ended_if_that_was_asked_for() {
    let sentence = "The program wrote more than its output limit of 5000 bytes to one stream.";
    for kind in KINDS {
        let app = kind.start();
        for stream in ["stdout", "stderr"] {
            let code = format!("import sys\nwhile True: print('x' * 99, file=sys.{stream})");
            let mut body = limited(&code, json!({"output_bytes": 5000}));
            body["on_output_limit"] = json!("fail");
            let record = app.run(body);
            expect_exceeded(kind, &record, "output_limit", sentence);
            assert_eq!(record["signal"], "SIGKILL", "{kind:?}");
        }
    }
}
