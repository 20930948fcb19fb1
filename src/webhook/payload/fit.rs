//! Cuts what a body tells until the body is small enough: the output to its head and tail, and at
//! last the result. Knows no format.

use crate::domain::{Captured, Event, ProgramResult, State};

/// How near to the room the body has to come, in bytes.
const NEAR: usize = 512;

/// The body of the event with as much of its output as fits, and with its result if that fits.
pub(super) fn cut(event: &Event, bytes_max: usize, write: impl Fn(&Event) -> Vec<u8>) -> Vec<u8> {
    [true, false]
        .into_iter()
        .find_map(|with_result| most(event, with_result, bytes_max, &write))
        // Whatever else there is has limits of its own, far below the smallest room.
        .unwrap_or_else(|| write(&shortened(event, 0, false)))
}

/// The body with the most output that fits; none when it does not fit without any.
fn most(
    event: &Event,
    with_result: bool,
    bytes_max: usize,
    write: impl Fn(&Event) -> Vec<u8>,
) -> Option<Vec<u8>> {
    let of = |output: usize| write(&shortened(event, output, with_result));
    let mut best = Some(of(0)).filter(|body| body.len() <= bytes_max)?;
    let (mut fits, mut too_much) = (0, bytes_max);
    while too_much - fits > NEAR {
        let middle = fits.midpoint(too_much);
        let body = of(middle);
        if body.len() <= bytes_max {
            (fits, best) = (middle, body);
        } else {
            too_much = middle;
        }
    }
    Some(best)
}

/// The event with so many bytes of output, those of the shorter stream first.
fn shortened(event: &Event, output: usize, with_result: bool) -> Event {
    let mut event = event.clone();
    let State::Ended(ended) = &mut event.execution.state else { return event };
    let kept = |stream: &Captured| stream.head.len() + stream.tail.len();
    let half = output / 2;
    let stdout = output - kept(&ended.stderr).min(half);
    let stderr = output - kept(&ended.stdout).min(stdout);
    ended.stdout = ended.stdout.shortened(stdout);
    ended.stderr = ended.stderr.shortened(stderr);
    if let (false, ProgramResult::Json(json)) = (with_result, &ended.result) {
        let sentence = format!("The result has {} bytes, too many for this message.", json.len());
        ended.result = ProgramResult::Rejected(sentence);
    }
    event
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{event, exited};
    use super::*;

    fn with(stdout: usize, stderr: usize, result: usize) -> Event {
        let mut event = event(exited(0));
        let State::Ended(ended) = &mut event.execution.state else { panic!("it has ended") };
        ended.stdout = Captured::whole(vec![b'o'; stdout]);
        ended.stderr = Captured::whole(vec![b'e'; stderr]);
        ended.result = ProgramResult::Json(format!("{:?}", "r".repeat(result)));
        event
    }

    fn kept(event: &Event, output: usize) -> (usize, usize) {
        let event = shortened(event, output, true);
        let ended = event.execution.ended().unwrap();
        let kept = |stream: &Captured| stream.head.len() + stream.tail.len();
        (kept(&ended.stdout), kept(&ended.stderr))
    }

    #[test]
    fn a_short_stream_stays_whole_beside_a_long_one() {
        assert_eq!(kept(&with(1000, 10, 0), 100), (90, 10));
        assert_eq!(kept(&with(10, 1000, 0), 100), (10, 90));
        assert_eq!(kept(&with(1000, 1000, 0), 100), (50, 50));
        assert_eq!(kept(&with(10, 20, 0), 100), (10, 20));
        assert_eq!(kept(&with(1000, 1000, 0), 0), (0, 0));
    }

    #[test]
    fn the_room_is_used_and_never_exceeded() {
        // Of this format a byte of output takes six: the worst that JSON can do.
        let write = |event: &Event| {
            let ended = event.execution.ended().unwrap();
            let bytes = ended.stdout.bytes().0.len() + ended.stderr.bytes().0.len();
            let result = match &ended.result {
                ProgramResult::Json(json) => json.len(),
                _ => 80,
            };
            vec![b'x'; 500 + bytes * 6 + result]
        };
        for (event, result) in [(with(9_000, 500, 100), 102), (with(9_000, 0, 9_000), 80)] {
            for bytes_max in [2_000, 4_096, 8_192] {
                let length = cut(&event, bytes_max, write).len();
                assert!(length <= bytes_max, "{length} of {bytes_max}");
                assert!(length + 6 * (NEAR + 100) + result > bytes_max, "{length} of {bytes_max}");
            }
        }
    }
}
