//! A wire that counts what passes and fails where a test wants it to.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::sync::Notify;

/// Where bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    ToServer,
    ToClient,
}

/// What becomes of a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Both ends see that the other is gone.
    Lost,
    /// The sender of that direction sends nothing more, and the receiver sees that.
    HalfClosed,
    /// Nothing arrives any more, at either end, and neither is told.
    Silent,
    /// Nothing arrives in that direction, until it is released.
    Held,
}

/// The client's end of a wire.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: Option<DuplexStream>,
    control: Control,
}

/// What a test has of a wire.
#[derive(Clone, Debug, Default)]
pub(crate) struct Control(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    tripped: Notify,
}

#[derive(Debug, Default)]
struct State {
    passed: [usize; 2],
    /// Where, after how many bytes of all, and what.
    armed: Option<(Direction, usize, Fault)>,
    tripped: Option<(Direction, Fault)>,
    waiting: Vec<Waker>,
    /// Keeps the server's end from seeing that a silent wire was dropped.
    dropped: Option<DuplexStream>,
}

impl Control {
    /// Lets `fault` happen when `bytes` more have passed in `direction`.
    pub(crate) fn arm(&self, direction: Direction, bytes: usize, fault: Fault) {
        let mut state = self.state();
        state.armed = Some((direction, state.passed[direction as usize] + bytes, fault));
        wake(&mut state);
    }

    /// Returns how many bytes have passed.
    pub(crate) fn passed(&self, direction: Direction) -> usize {
        self.state().passed[direction as usize]
    }

    /// Waits until it has happened.
    pub(crate) async fn tripped(&self) {
        loop {
            let notified = self.0.tripped.notified();
            if self.state().tripped.is_some() {
                return;
            }
            notified.await;
        }
    }

    /// Lets everything pass again.
    pub(crate) fn release(&self) {
        let mut state = self.state();
        (state.armed, state.tripped) = (None, None);
        wake(&mut state);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap()
    }

    /// How many bytes may pass now: `None` where the fault has happened.
    fn room(&self, direction: Direction, cx: &mut Context<'_>) -> Option<usize> {
        self.trip(direction);
        let mut state = self.state();
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        match (state.tripped, state.armed) {
            (Some((_, Fault::Lost | Fault::Silent)), _) => None,
            (Some((at, _)), _) if at == direction => None,
            (None, Some((at, bytes, _))) if at == direction => Some(bytes - state.passed[direction as usize]),
            _ => Some(usize::MAX),
        }
    }

    fn pass(&self, direction: Direction, bytes: usize) {
        self.state().passed[direction as usize] += bytes;
        self.trip(direction);
    }

    /// Lets the fault happen where all that should pass before it has.
    fn trip(&self, direction: Direction) {
        let mut state = self.state();
        if let (Some((at, bytes, fault)), None) = (state.armed, state.tripped)
            && at == direction
            && state.passed[direction as usize] >= bytes
        {
            state.tripped = Some((direction, fault));
            self.0.tripped.notify_waiters();
            wake(&mut state);
        }
    }

    fn fault(&self) -> Option<(Direction, Fault)> {
        self.state().tripped
    }
}

fn wake(state: &mut State) {
    state.waiting.drain(..).for_each(Waker::wake);
}

impl Wire {
    /// Leads to `stream`.
    pub(crate) fn new(stream: DuplexStream) -> (Self, Control) {
        let control = Control::default();
        (Self { stream: Some(stream), control: control.clone() }, control)
    }

    /// The stream, as far as there still is one.
    fn stream(&mut self, cx: &mut Context<'_>) -> Option<Pin<&mut DuplexStream>> {
        match self.control.fault() {
            Some((_, Fault::Lost)) => self.stream = None,
            Some((Direction::ToServer, Fault::HalfClosed)) => {
                let shut = self.stream.as_mut().map(|stream| Pin::new(stream).poll_shutdown(cx));
                assert!(matches!(shut, Some(Poll::Ready(Ok(())))));
            }
            _ => {}
        }
        self.stream.as_mut().map(Pin::new)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = self.control.room(Direction::ToClient, cx);
        let Some(stream) = self.stream(cx) else { return Poll::Ready(Ok(())) };
        let Some(room) = room else {
            let (_, fault) = self.control.fault().unwrap();
            return if fault == Fault::HalfClosed { Poll::Ready(Ok(())) } else { Poll::Pending };
        };
        let room = room.min(buffer.remaining());
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(room));
        ready!(stream.poll_read(cx, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        self.control.pass(Direction::ToClient, read);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let room = self.control.room(Direction::ToServer, cx);
        let Some(stream) = self.stream(cx) else { return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())) };
        let Some(room) = room else {
            let (_, fault) = self.control.fault().unwrap();
            // What is written to nowhere counts as written.
            return if fault == Fault::Held { Poll::Pending } else { Poll::Ready(Ok(bytes.len())) };
        };
        let written = ready!(stream.poll_write(cx, &bytes[..bytes.len().min(room)]))?;
        self.control.pass(Direction::ToServer, written);
        // What was done to the wire is done at once, although nothing more may be written.
        self.stream(cx);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(self.control.fault(), Some((_, Fault::Silent))) {
            return Poll::Ready(Ok(()));
        }
        self.stream(cx).map_or(Poll::Ready(Ok(())), |stream| stream.poll_shutdown(cx))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if matches!(self.control.fault(), Some((_, Fault::Silent))) {
            self.control.state().dropped = self.stream.take();
        }
    }
}
