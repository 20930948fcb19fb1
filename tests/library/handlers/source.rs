//! That the lines of a handler's code are found by whoever asks Python for them.

use serde_json::json;

use super::{body, each, each_returns, handler};

#[actix_rt::test]
async fn inspect_finds_the_source() {
    let code = "\
import inspect

def plain():
    return 1

class Handler:
    def handle_async(self):
        return {
            'plain': inspect.getsource(plain),
            'class': inspect.getsource(Handler).splitlines()[0],
            'line': inspect.currentframe().f_lineno,
            'module': inspect.getsource(inspect.getmodule(plain)).splitlines()[0],
        }
";
    let wanted = json!({
        "plain": "def plain():\n    return 1\n",
        "class": "class Handler:",
        "line": 11,
        "module": "import inspect",
    });
    each_returns([(handler(code), wanted)]).await;
}

#[actix_rt::test]
async fn a_traceback_that_the_code_makes_itself_has_its_lines() {
    let code = "\
import traceback
try:
    1 / 0
except ZeroDivisionError:
    return {'lines': [line.strip() for line in traceback.format_exc().splitlines()][1:3]}
";
    let wanted = json!({"lines": ["File \"handler.py\", line 5, in handle_async", "1 / 0"]});
    each_returns([(body(code), wanted)]).await;
}

#[actix_rt::test]
async fn a_file_of_the_same_name_is_not_taken_for_the_code() {
    let code = "open('handler.py', 'w').write('# another\\n' * 20)\nraise ValueError('bad')";
    each([(body(code), ())], |seen, ()| {
        seen.raised(1, "ValueError: bad");
        assert!(seen.stderr.contains("    raise ValueError('bad')\n"), "{seen:#?}");
    })
    .await;
}
