//! Programs that are ended for what they use: nothing of them is left either.

use serde_json::json;

use super::site::{Rung, Site};

/// Two processes, the second in a session of its own, fill memory until they are stopped.
const FILLS_MEMORY: &str = "
import os, time
if os.fork() == 0: os.setsid()
held = []
while True:
    held.append(bytearray(1 << 20))
    time.sleep(0.001)
";

#[test]
fn who_takes_more_memory_than_allowed_is_ended_with_all_its_processes() {
    for (containment, level) in [
        ("cgroup2", "none"),
        ("pidns", "none"),
        ("session", "none"),
        ("auto", "confined"),
        ("auto", "sandbox"),
    ] {
        let rung = Rung { containment, level };
        let Some(site) = Site::on(rung) else { continue };
        let limits = json!({"memory_bytes": 64 << 20});
        let record =
            site.app.run(json!({"language": "python", "code": FILLS_MEMORY, "limits": limits}));
        let end = (record["status"].as_str(), record["cause"].as_str());
        assert_eq!(end, (Some("failed"), Some("memory_limit")), "{rung:?}: {record:#}");
        assert!(site.app.programs().is_empty(), "{rung:?}: {:?}", site.app.programs());
    }
}
