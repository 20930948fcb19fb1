//! What the code of a handler finds around it, beside its arguments: its module, its place, its
//! interpreter. Everything else is as scripts find it.

use ringback::domain::{ExecutionSpec, StartMode, WorkingDir};
use serde_json::json;

use super::{Site, body, each, each_returns, handler};

#[actix_rt::test]
async fn the_code_is_a_module_of_its_own() {
    let code = "\
import sys
top = __name__

class Handler:
    def handle_async(self):
        module = sys.modules['handler']
        return {
            'names': [top, Handler.__module__, __file__, __spec__.name, __spec__.origin],
            'is_itself': vars(module) is globals() and module.Handler is Handler,
            'is_main': __import__('__main__') is module,
            'arguments': len(sys.argv),
            'all': sorted(name for name in globals() if not name.startswith('__')),
        }
";
    let wanted = json!({
        "names": ["handler", "handler", "handler.py", "handler", "handler.py"],
        "is_itself": true,
        "is_main": false,
        "arguments": 1,
        "all": ["Handler", "sys", "top"],
    });
    each_returns([(handler(code), wanted)]).await;
}

#[actix_rt::test]
async fn a_byte_order_mark_and_every_end_of_line_are_as_in_a_file() {
    let code = "\u{feff}class Handler:\r\n    def handle_async(self):\r        \
                return {'a': '''b\r\nc'''}\n";
    each_returns([(handler(code), json!({"a": "b\nc"}))]).await;
}

#[actix_rt::test]
async fn a_handler_may_be_as_long_as_any_code() {
    let code = format!("{}\n# {}\n", body("return {'a': 1}").code, "\"\\€".repeat(200_000));
    each_returns([(handler(&code), json!({"a": 1}))]).await;
}

#[actix_rt::test]
async fn values_of_its_classes_go_through_pickle_and_to_other_processes() {
    let code = "\
import multiprocessing, pickle

class Pair:
    def __init__(self, a):
        self.a = a

def send(pipe, pair):
    pipe.send(Pair(pair.a * 2))

class Handler:
    def handle_async(self):
        seen = [pickle.loads(pickle.dumps(Pair(1))).a]
        for method in ['fork', 'spawn']:
            context = multiprocessing.get_context(method)
            ours, theirs = context.Pipe()
            process = context.Process(target=send, args=(theirs, Pair(3)))
            process.start()
            theirs.close()
            seen.append(ours.recv().a)
            process.join()
            seen.append(process.exitcode)
        return {'seen': seen}
";
    each_returns([(handler(code), json!({"seen": [1, 6, 0, 6, 0]}))]).await;
}

#[actix_rt::test]
async fn signals_reach_the_code_and_it_is_the_main_thread() {
    let code = "\
import os, signal, threading
seen = []
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
os.kill(os.getpid(), signal.SIGUSR1)
is_main = threading.current_thread() is threading.main_thread()
return {'seen': seen == [signal.SIGUSR1], 'is_main': is_main, 'threads': threading.active_count()}
";
    each_returns([(body(code), json!({"seen": true, "is_main": true, "threads": 1}))]).await;
}

#[actix_rt::test]
async fn warnings_name_the_line_of_the_code() {
    let code = "import warnings\nwarnings.warn('mind the gap')\nreturn {}";
    each([(body(code), ())], |seen, ()| {
        seen.returned(json!({}));
        assert_eq!(seen.stderr, "handler.py:4: UserWarning: mind the gap\n");
    })
    .await;
}

#[actix_rt::test]
async fn a_handler_runs_in_the_directory_that_was_asked_for() {
    let write = "open('kept', 'w').write('x')\nreturn {}";
    let read = "import os\nreturn {'kept': open('kept').read(), 'in': os.getcwd().endswith('/a')}";
    let working_dir = WorkingDir::Workspace("a".into());
    for site in Site::both().await {
        for (code, wanted) in [(write, json!({})), (read, json!({"kept": "x", "in": true}))] {
            let spec = ExecutionSpec { working_dir: working_dir.clone(), ..body(code) };
            site.run(spec).await.returned(wanted);
        }
    }
}

#[actix_rt::test]
async fn a_good_call_imports_nothing_slow() {
    let slow = "['json', 're', 'inspect', 'asyncio', 'traceback', 'linecache', 'base64']";
    let code =
        format!("import sys\nreturn {{'slow': [name for name in {slow} if name in sys.modules]}}");
    each_returns([(body(&code), json!({"slow": []}))]).await;
}

#[actix_rt::test]
async fn a_warm_handler_has_what_is_preloaded() {
    let site = Site::with(StartMode::Warm, |config| {
        config.runtimes.get_mut("python").unwrap().warm.preload = vec!["json".into()];
    })
    .await;
    let code = "import sys\nreturn {'json': 'json' in sys.modules}";
    site.run(body(code)).await.returned(json!({"json": true}));
}
