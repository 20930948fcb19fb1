//! Takes in a stream piece by piece and keeps its head and its tail, each byte in a place of its
//! own, so that what is kept can also be written elsewhere bit by bit. Reads and writes no file.

use super::Captured;

/// Where the kept bytes of a stream lie: the first half as it came, behind it the last half as a
/// ring. As long as everything fits, that is the stream itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptLayout {
    half: u64,
}

/// Bytes that lie side by side in the stream and where they are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Where the first of them is in the stream.
    pub offset: u64,
    /// Where it is kept.
    pub position: u64,
    /// How many there are; never none.
    pub length: u64,
}

impl KeptLayout {
    /// For at most `bytes_max` bytes, half of them from the beginning.
    pub const fn new(bytes_max: u64) -> Self {
        Self { half: bytes_max / 2 }
    }

    /// How many bytes are kept at most, and how many positions there are.
    pub const fn room(self) -> u64 {
        self.half * 2
    }

    /// How long the head is when `total` bytes have come.
    pub fn head_length(self, total: u64) -> u64 {
        total.min(self.half)
    }

    /// The first byte behind the head that is still kept when `total` bytes have come.
    pub fn tail_from(self, total: u64) -> u64 {
        total.saturating_sub(self.half).max(self.half)
    }

    /// The bytes from `from` on that are still kept when `total` have come, in order.
    pub fn runs(self, from: u64, total: u64) -> impl Iterator<Item = Run> {
        let head_end = if total <= self.room() { total } else { self.half };
        let tail_start = from.max(head_end).max(total.saturating_sub(self.half));
        let head = self.side_by_side(from, head_end);
        let tail = self.side_by_side(tail_start, total);
        head.into_iter().chain(tail).filter(|run| run.length > 0)
    }

    /// The bytes from `start` to `end`, which go around the ring at most once.
    fn side_by_side(self, start: u64, end: u64) -> [Run; 2] {
        let length = end.saturating_sub(start);
        let position = self.position(start);
        let until_turn = length.min(self.room() - position);
        [
            Run { offset: start, position, length: until_turn },
            Run { offset: start + until_turn, position: self.half, length: length - until_turn },
        ]
    }

    fn position(self, offset: u64) -> u64 {
        if offset < self.room() {
            return offset;
        }
        // Without a ring there is no byte that could ask for its place.
        self.half + (offset - self.half).checked_rem(self.half).unwrap_or(0)
    }
}

/// Takes in a stream piece by piece and keeps its first half and its last half.
#[derive(Debug)]
pub struct OutputKeeper {
    layout: KeptLayout,
    kept: Vec<u8>,
    total: u64,
}

impl OutputKeeper {
    /// Keeps at most `bytes_max` bytes, half of them from the beginning.
    pub const fn new(bytes_max: u64) -> Self {
        Self { layout: KeptLayout::new(bytes_max), kept: Vec::new(), total: 0 }
    }

    /// Takes in the next piece. Of a long one only the end that stays is copied.
    pub fn push(&mut self, piece: &[u8]) {
        let from = self.total;
        self.total += piece.len() as u64;
        self.make_room();
        for run in self.layout.runs(from, self.total) {
            let piece = &piece[index(run.offset - from)..][..index(run.length)];
            self.kept[index(run.position)..][..piece.len()].copy_from_slice(piece);
        }
    }

    /// Doubles like any vector, but never beyond what will be needed at most.
    fn make_room(&mut self) {
        let room = self.layout.room();
        let needed = index(self.total.min(room));
        if needed > self.kept.capacity() {
            let doubled = room.min(self.kept.capacity() as u64 * 2);
            self.kept.reserve_exact(index(doubled).max(needed) - self.kept.len());
        }
        self.kept.resize(needed, 0);
    }

    /// How many bytes have come so far.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Where the kept bytes lie.
    pub const fn layout(&self) -> KeptLayout {
        self.layout
    }

    /// What is kept of the bytes from the one at `from` on, with the position of each part.
    pub fn kept_since(&self, from: u64) -> impl Iterator<Item = (u64, &[u8])> {
        let runs = self.layout.runs(from, self.total);
        runs.map(|run| (run.position, &self.kept[index(run.position)..][..index(run.length)]))
    }

    /// What was kept.
    pub fn finish(self) -> Captured {
        let Self { layout, kept: mut head, total } = self;
        let mut tail = Vec::new();
        if total > layout.room() {
            tail = head.split_off(index(layout.half));
            tail.rotate_left(index(layout.position(total) - layout.half));
        }
        Captured { head, tail, total }
    }
}

/// A position as memory counts.
fn index(position: u64) -> usize {
    usize::try_from(position).expect("what is held in memory can be counted there")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(bytes_max: u64, pieces: &[&[u8]]) -> Captured {
        let mut keeper = OutputKeeper::new(bytes_max);
        pieces.iter().for_each(|piece| keeper.push(piece));
        keeper.finish()
    }

    #[test]
    fn what_fits_is_kept_whole() {
        for pieces in
            [&[b"0123456789".as_slice()][..], &[b"01234", b"56789"], &[b"0".as_slice(); 10]]
        {
            let kept = keep(10, pieces);
            assert_eq!((kept.head, kept.tail), (pieces.concat(), vec![]));
        }
    }

    #[test]
    fn the_middle_is_left_out_and_counted() {
        let kept = keep(4, &[b"ab", b"cdefg", b"h", b"ij"]);
        assert_eq!((kept.head.as_slice(), kept.tail.as_slice()), (&b"ab"[..], &b"ij"[..]));
        assert_eq!((kept.total, kept.left_out()), (10, 6));
    }

    #[test]
    fn memory_is_never_asked_for_beyond_what_may_be_kept() {
        let mut keeper = OutputKeeper::new(1000);
        for _ in 0..300 {
            keeper.push(b"1234567");
            assert!(keeper.kept.capacity() <= 1000, "{}", keeper.kept.capacity());
        }
    }

    proptest::proptest! {
        #[test]
        fn the_first_and_the_last_half_are_kept_and_every_byte_is_counted(
            bytes_max in 0u64..64,
            pieces in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..40), 0..12),
        ) {
            let mut keeper = OutputKeeper::new(bytes_max);
            for piece in &pieces {
                keeper.push(piece);
                proptest::prop_assert!(keeper.kept.len() as u64 <= bytes_max);
            }
            let all = pieces.concat();
            let half = usize::try_from(bytes_max / 2).unwrap();
            let kept = keeper.finish();
            proptest::prop_assert_eq!(kept.total, all.len() as u64);
            if all.len() <= 2 * half {
                proptest::prop_assert_eq!((kept.head, kept.tail), (all, vec![]));
            } else {
                proptest::prop_assert_eq!(&kept.head, &all[..half]);
                proptest::prop_assert_eq!(&kept.tail, &all[all.len() - half..]);
            }
        }

        #[test]
        fn who_copies_only_what_is_new_holds_the_same(
            bytes_max in 0u64..64,
            pieces in proptest::collection::vec((0usize..100, proptest::bool::ANY), 0..20),
        ) {
            let mut keeper = OutputKeeper::new(bytes_max);
            let mut copy = [0; 64];
            let mut copied = 0;
            for (length, copies) in pieces {
                let bytes: Vec<u8> = (0..length).map(|n| (n as u64 + keeper.total()) as u8).collect();
                keeper.push(&bytes);
                if copies {
                    for (position, bytes) in keeper.kept_since(copied) {
                        copy[index(position)..][..bytes.len()].copy_from_slice(bytes);
                    }
                    copied = keeper.total();
                    proptest::prop_assert_eq!(&copy[..keeper.kept.len()], &keeper.kept);
                }
            }
        }
    }
}
