//! Messages with descriptors over a seqpacket socket: each arrives whole or not at all.
//! Knows nothing of what they say.

use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Seek, SeekFrom, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

/// The most descriptors that go with one message: an order to a warm interpreter has up to ten.
const FDS_MAX: usize = 12;

/// A message up to this length is sent as it is; a longer one as a descriptor of memory that holds
/// it, because the kernel bounds what a socket takes at once.
const INLINE_BYTES_MAX: usize = 64 * 1024;

/// The first byte of what is sent: where the message is.
const HERE: u8 = 0;
const IN_MEMORY: u8 = 1;

/// What came over the socket.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    pub(super) fds: Vec<OwnedFd>,
}

/// A pair of sockets that are connected with each other.
///
/// # Errors
/// When there are no descriptors to be had.
pub(super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?)
}

/// Sends a message with up to 7 descriptors; waits while the other side is slow to take it.
///
/// # Errors
/// `EPIPE` and its like when the other side has gone.
pub(super) fn send(socket: impl AsFd, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    if message.len() <= INLINE_BYTES_MAX {
        return send_whole(socket, &[IoSlice::new(&[HERE]), IoSlice::new(message)], fds);
    }
    let mut memory = File::from(memfd_create("message", MemfdFlags::CLOEXEC)?);
    memory.write_all(message)?;
    memory.seek(SeekFrom::Start(0))?;
    let with_memory: Vec<BorrowedFd<'_>> =
        [memory.as_fd()].into_iter().chain(fds.iter().copied()).collect();
    send_whole(socket, &[IoSlice::new(&[IN_MEMORY])], &with_memory)
}

/// Sends a message to somebody who knows nothing of our form: its bytes, and nothing before them.
///
/// # Errors
/// When the other side has gone, or takes no message of this length.
pub(super) fn send_plain(
    socket: impl AsFd,
    message: &[u8],
    fds: &[BorrowedFd<'_>],
) -> io::Result<()> {
    send_whole(socket, &[IoSlice::new(message)], fds)
}

fn send_whole(socket: impl AsFd, parts: &[IoSlice<'_>], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
        return Err(io::Error::other("too many descriptors for one message"));
    }
    rustix::io::retry_on_intr(|| sendmsg(&socket, parts, &mut control, SendFlags::NOSIGNAL))?;
    Ok(())
}

/// Takes the next message; none when the other side has gone. `buffer` is kept between calls.
///
/// # Errors
/// `WouldBlock` with `wait` false and nothing there; otherwise what the socket says.
pub(super) fn receive(
    socket: impl AsFd,
    buffer: &mut Vec<u8>,
    wait: bool,
) -> io::Result<Option<Received>> {
    buffer.resize(INLINE_BYTES_MAX + 1, 0);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(FDS_MAX))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut flags = RecvFlags::CMSG_CLOEXEC;
    flags.set(RecvFlags::DONTWAIT, !wait);
    let mut parts = [IoSliceMut::new(buffer)];
    let received = rustix::io::retry_on_intr(|| recvmsg(&socket, &mut parts, &mut control, flags))?;
    let mut fds = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(rights) = message {
            fds.extend(rights);
        }
    }
    match buffer[..received.bytes].split_first() {
        None => Ok(None),
        Some((&IN_MEMORY, _)) if !fds.is_empty() => {
            let mut bytes = Vec::new();
            File::from(fds.remove(0)).read_to_end(&mut bytes)?;
            Ok(Some(Received { bytes, fds }))
        }
        Some((_, message)) => Ok(Some(Received { bytes: message.to_vec(), fds })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn there_and_back(message: &[u8]) {
        let (here, there) = pair().unwrap();
        let file = tempfile::tempfile().unwrap();
        send(&here, message, &[file.as_fd()]).unwrap();
        let received = receive(&there, &mut Vec::new(), true).unwrap().unwrap();
        assert_eq!(received.bytes, message);
        assert_eq!(received.fds.len(), 1);
    }

    #[test]
    fn messages_of_every_length_arrive_whole_with_their_descriptors() {
        for length in [0, 1, INLINE_BYTES_MAX - 1, INLINE_BYTES_MAX, INLINE_BYTES_MAX + 1, 5 << 20]
        {
            there_and_back(&vec![7; length]);
        }
    }

    #[test]
    fn the_end_of_the_other_side_is_told() {
        let (here, there) = pair().unwrap();
        let nothing = receive(&there, &mut Vec::new(), false).unwrap_err();
        assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
        drop(here);
        assert!(receive(&there, &mut Vec::new(), true).unwrap().is_none());
        assert!(send(&there, b"x", &[]).is_err());
    }
}
