//! What is told of a program that has ended: what its keeper, the kernel and its cgroup each know,
//! put together.

use super::Run;
use crate::domain::Usage;
use crate::process::launcher::protocol::{End, Exceeded};

impl Run {
    /// The account of a program of which nothing is alive any more.
    pub(super) fn end(&mut self) -> End {
        let kept = self.kept.take();
        let (status, usage) = match (self.status, &kept) {
            (Some(known), _) => known,
            (None, kept) => (
                kept.as_ref().and_then(|kept| kept.status).unwrap_or(libc::SIGKILL),
                Usage::default(),
            ),
        };
        let mut end = End {
            status,
            cpu_micros: (usage.cpu_seconds * 1e6).round() as u64,
            memory_peak_bytes: usage.memory_peak_bytes,
            descendants_killed: self.left,
            exceeded: self.exceeded,
            result: None,
        };
        let before = kept.as_ref().map_or(0, |kept| kept.cpu_micros_before);
        if let Some(kept) = kept {
            end.cpu_micros = (end.cpu_micros + kept.cpu_micros).max(kept.cpu_micros_seen);
            end.memory_peak_bytes = end.memory_peak_bytes.max(kept.memory_peak_bytes);
            end.descendants_killed += kept.descendants_killed;
            end.exceeded = end.exceeded.or(kept.exceeded);
            end.result = kept.result;
        }
        if let Some(group) = self.holder.group() {
            // The leader's own account has neither what it left behind nor what it did not wait for.
            if self.left > 0 || self.limits.cpu_micros.is_some() {
                let of_all = group.cpu_micros().map(|all| all.saturating_sub(before));
                end.cpu_micros = of_all.unwrap_or(end.cpu_micros);
            }
            end.memory_peak_bytes = group.memory_peak_bytes().unwrap_or(end.memory_peak_bytes);
            if end.exceeded.is_none() && self.limits.memory_bytes.is_some() && group.oom_kills() > 0
            {
                end.exceeded = Some(Exceeded::Memory);
            }
        }
        end.exceeded = end.exceeded.or_else(|| self.ended_by_its_cpu_limit(&end));
        end
    }

    /// The kernel ends a single process that got far beyond its limit: first SIGXCPU, then SIGKILL.
    fn ended_by_its_cpu_limit(&self, end: &End) -> Option<Exceeded> {
        let limit = self.limits.cpu_micros?;
        let signal = libc::WIFSIGNALED(end.status).then(|| libc::WTERMSIG(end.status));
        let is_over = end.cpu_micros >= limit;
        let by_it = signal == Some(libc::SIGXCPU) || (signal == Some(libc::SIGKILL) && is_over);
        by_it.then_some(Exceeded::CpuTime)
    }
}
