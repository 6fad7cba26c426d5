//! Calls whose connection, deadline or caller ends at any byte: nothing is left of them, and no table is shorter than it was.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrowlink_core::{CallContext, ErrorKind, Result};
use arrowlink_testkit::{front_with, stubbed};
use arrowlink_transport::{
    AcceptOptions, BlockPool, ConnectOptions, Connection, Dialer, Drained, TransferOptions,
};
use futures::poll;
use tokio::runtime::Handle;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep, timeout};

use crate::probe::{Counts, Probe, table};
use crate::support::{Server, front_options, name};
use crate::wire::{Control, Direction, Fault, Wire};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    DoGet,
    DoPut,
    DoExchange,
    GetArrowData,
    SendArrowData,
}

impl Call {
    /// Makes the call and reads its answer to the end, which must be the whole table or an error.
    async fn run(self, connection: &Connection, ctx: &CallContext, ends: &Ends) -> Result<()> {
        let (dataset, options) = (name("rows"), TransferOptions::default());
        let input = || ends.input.stream_of(&ends.table);
        let answer = match self {
            Self::DoGet => connection.do_get(ctx, &dataset, &options).await?,
            Self::DoExchange => connection.do_exchange(ctx, &dataset, input(), &options).await?,
            Self::GetArrowData => connection.get_arrow_data(ctx, Some(&dataset), &options).await?,
            Self::DoPut => {
                let receipt = connection.do_put(ctx, &dataset, input(), &options).await?;
                assert_eq!(receipt.rows as usize, ends.rows());
                return Ok(());
            }
            Self::SendArrowData => {
                let receipt = connection.send_arrow_data(ctx, Some(&dataset), input(), &options).await?;
                assert_eq!(receipt.rows as usize, ends.rows());
                return Ok(());
            }
        };
        assert_eq!(answer.collect_batches().await?, ends.table);
        Ok(())
    }

    const fn is_upload(self) -> bool {
        matches!(self, Self::DoPut | Self::SendArrowData)
    }
}

/// A server and what a client needs, all of which count.
struct Ends {
    table: Vec<RecordBatch>,
    input: Counts,
    probe: Arc<Probe>,
    pools: [BlockPool; 2],
    server: Server,
    dialer: Dialer,
}

impl Ends {
    fn start(table: &[RecordBatch]) -> Self {
        let (probe, pools) =
            (Arc::new(Probe::new(table.to_vec())), [BlockPool::default(), BlockPool::default()]);
        let service = stubbed(&probe);
        let options = front_options().with_pool(pools[0].clone());
        let front = front_with(service, options);
        let (server, dialer) = Server::in_memory(front, AcceptOptions::default());
        Self { table: table.to_vec(), input: Counts::default(), probe, pools, server, dialer }
    }

    fn rows(&self) -> usize {
        self.table.iter().map(RecordBatch::num_rows).sum()
    }

    async fn wire(&self) -> (Wire, Control) {
        Wire::new(self.dialer.dial().await.unwrap())
    }

    async fn connect(&self, wire: Wire) -> Result<Connection> {
        Connection::over(wire, &ConnectOptions::default().with_pool(self.pools[1].clone())).await
    }

    fn left(&self) -> [usize; 4] {
        let [served, answered] = self.pools.each_ref().map(|pool| pool.usage().in_use_bytes);
        [self.input.live(), self.probe.counts.live(), served, answered]
    }

    /// Waits until nothing of any call is left at either end, at most for `limit`.
    async fn released(&self, limit: Duration, what: &str) {
        let released = async {
            while self.left() != [0; 4] {
                sleep(Duration::from_millis(1)).await;
            }
        };
        let left = timeout(limit, released).await.map_err(|_| self.left());
        assert_eq!(
            left,
            Ok(()),
            "{what}: left are streams of client and server, blocks of server and client"
        );
    }

    /// Ends the server, of which nothing must be left then.
    async fn stop(self, what: &str) {
        let Self { server, probe, .. } = self;
        assert_eq!(server.stop().await, Drained::Complete, "{what}");
        assert_eq!(Arc::strong_count(&probe), 1, "{what}");
        // Tasks that were cut end at their next turn.
        for _ in 0..10 {
            yield_now().await;
        }
        assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "{what}");
    }
}

/// How a call may end, and when.
struct Course {
    fault: Fault,
    /// What the client's deadline is, if it has one.
    deadline: Option<Duration>,
    /// The longest until the client knows and nothing is left.
    limit: Duration,
    /// What the client may be told.
    kinds: &'static [ErrorKind],
}

const LOST: Course = Course {
    fault: Fault::Lost,
    deadline: None,
    limit: Duration::from_millis(100),
    kinds: &[ErrorKind::Unavailable],
};
const HALF_CLOSED: Course = Course { fault: Fault::HalfClosed, ..LOST };
/// Ended by pings that nobody answers.
const SILENT: Course = Course { fault: Fault::Silent, limit: Duration::from_secs(61), ..LOST };
const PAST_ITS_DEADLINE: Course = Course {
    fault: Fault::Silent,
    deadline: Some(Duration::from_secs(5)),
    limit: Duration::from_millis(5100),
    kinds: &[ErrorKind::DeadlineExceeded],
};

impl Course {
    /// Makes one call over a wire that fails after `bytes`; returns whether the call succeeded nevertheless.
    async fn run(&self, call: Call, table: &[RecordBatch], at: (Direction, usize)) -> bool {
        let (direction, bytes) = at;
        let what = format!("{call:?}, {:?} after {bytes} bytes {direction:?}", self.fault);
        let ends = Ends::start(table);
        let (wire, control) = ends.wire().await;
        control.arm(direction, bytes, self.fault);
        let began = Instant::now();
        let ctx = CallContext::new().with_deadline(self.deadline.map(|deadline| began + deadline));
        // The connection is there until all that it was used for has to be gone.
        let (result, connection) = match ends.connect(wire).await {
            Ok(connection) => (call.run(&connection, &ctx, &ends).await, Some(connection)),
            Err(error) => (Err(error), None),
        };
        if let Err(error) = &result {
            assert!(self.kinds.contains(&error.kind()), "{what}: {:?} {}", error.kind(), error.chain());
        }
        ends.released(self.limit.saturating_sub(began.elapsed()), &what).await;
        let kept = ends.probe.kept.lock().unwrap().clone();
        let (whole, is_kept) = (ends.rows(), call.is_upload() && !kept.is_empty());
        assert!(kept.iter().all(|rows| *rows == whole), "{what}: {kept:?}");
        assert!(result.is_err() || is_kept == call.is_upload(), "{what}: acknowledged and not kept");
        drop((connection, control));
        ends.stop(&what).await;
        result.is_ok()
    }
}

/// How many bytes pass in a call that nothing happens to, to the server and to the client.
async fn recorded(call: Call, table: &[RecordBatch]) -> [(Direction, usize); 2] {
    let ends = Ends::start(table);
    let (wire, control) = ends.wire().await;
    let connection = ends.connect(wire).await.unwrap();
    call.run(&connection, &CallContext::new(), &ends).await.unwrap();
    drop(connection);
    ends.stop("unharmed").await;
    [Direction::ToServer, Direction::ToClient].map(|direction| (direction, control.passed(direction)))
}

/// Fails every `step`th byte of a call in either direction.
async fn check(course: &Course, call: Call, table: &[RecordBatch], step: usize) {
    for (direction, bytes) in recorded(call, table).await {
        let mut failed = 0;
        for at in (0..bytes).step_by(step) {
            failed += usize::from(!course.run(call, table, (direction, at)).await);
        }
        // The last bytes are the connection's, and not the call's.
        assert!(failed * step * 10 > bytes * 8, "{call:?}: {failed} of {bytes} {direction:?}");
    }
}

/// Fails every byte of messages that are plain memory, and some of messages that lie in blocks.
async fn check_everywhere(course: &Course, call: Call) {
    check(course, call, &table(2, 3), 1).await;
    check(course, call, &table(2, 700), 61).await;
}

/// Fails some bytes of every call.
async fn check_here_and_there(course: &Course) {
    for call in [Call::DoGet, Call::DoPut, Call::DoExchange, Call::GetArrowData, Call::SendArrowData] {
        check(course, call, &table(2, 3), 7).await;
        check(course, call, &table(2, 700), 211).await;
    }
}

/// Drops a call at every byte, and makes another over the same connection.
async fn check_dropped(call: Call, table: &[RecordBatch], step: usize) {
    for direction in [Direction::ToServer, Direction::ToClient] {
        let mut dropped = 0;
        for at in (0..).step_by(step) {
            let what = format!("{call:?}, dropped after {at} bytes {direction:?}");
            let ends = Ends::start(table);
            let (wire, control) = ends.wire().await;
            let connection = ends.connect(wire).await.unwrap();
            // By then all that a connection begins with has passed.
            sleep(Duration::from_millis(1)).await;
            control.arm(direction, at, Fault::Held);
            let ctx = CallContext::new();
            let is_over = tokio::select! {
                result = call.run(&connection, &ctx, &ends) => result.map(|()| true).unwrap(),
                () = control.tripped() => false,
            };
            control.release();
            ends.released(LOST.limit, &what).await;
            let kept = ends.probe.kept.lock().unwrap().clone();
            assert!(kept.iter().all(|rows| *rows == ends.rows()), "{what}: {kept:?}");
            call.run(&connection, &CallContext::new(), &ends).await.unwrap();
            drop(connection);
            ends.stop(&what).await;
            if is_over {
                break;
            }
            dropped += 1;
        }
        assert!(dropped * step > 100, "{call:?}: {dropped} {direction:?}");
    }
}

/// Drops a call after each of its polls.
async fn check_dropped_after_polls(call: Call) {
    for polls in 0.. {
        let what = format!("{call:?}, dropped after {polls} polls");
        let ends = Ends::start(&table(2, 700));
        let (wire, _control) = ends.wire().await;
        let connection = ends.connect(wire).await.unwrap();
        let ctx = CallContext::new();
        let mut is_over = false;
        {
            let mut running = pin!(call.run(&connection, &ctx, &ends));
            for _ in 0..polls {
                if let Poll::Ready(result) = poll!(&mut running) {
                    result.unwrap();
                    is_over = true;
                    break;
                }
                yield_now().await;
            }
        }
        ends.released(LOST.limit, &what).await;
        drop(connection);
        ends.stop(&what).await;
        if is_over {
            assert!(polls >= 2, "{what}");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_by_flight_may_be_cut_anywhere() {
    check_everywhere(&LOST, Call::DoGet).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_by_flight_may_be_cut_anywhere() {
    check_everywhere(&LOST, Call::DoPut).await;
}

#[tokio::test(start_paused = true)]
async fn an_exchange_may_be_cut_anywhere() {
    check_everywhere(&LOST, Call::DoExchange).await;
}

#[tokio::test(start_paused = true)]
async fn a_read_may_be_cut_anywhere() {
    check_everywhere(&LOST, Call::GetArrowData).await;
}

#[tokio::test(start_paused = true)]
async fn an_upload_may_be_cut_anywhere() {
    check_everywhere(&LOST, Call::SendArrowData).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_half_closed_anywhere() {
    check_here_and_there(&HALF_CLOSED).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_silent_anywhere() {
    check_here_and_there(&SILENT).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_past_its_deadline_anywhere() {
    check_here_and_there(&PAST_ITS_DEADLINE).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_dropped_anywhere_and_its_connection_goes_on() {
    for call in [Call::DoGet, Call::DoPut, Call::DoExchange, Call::GetArrowData, Call::SendArrowData] {
        check_dropped(call, &table(2, 3), 7).await;
        check_dropped(call, &table(2, 700), 211).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_may_be_dropped_after_any_poll() {
    for call in [Call::DoGet, Call::DoPut, Call::DoExchange, Call::GetArrowData, Call::SendArrowData] {
        check_dropped_after_polls(call).await;
    }
}
