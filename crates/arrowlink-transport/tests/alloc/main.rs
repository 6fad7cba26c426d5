//! Memory: what arrives is written into blocks that are there already. Counted by an allocator of its own.
#![allow(
    clippy::needless_pass_by_value,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail by panicking"
)]
#![expect(unsafe_code, reason = "an allocator that counts has to be one")]

mod floods;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::{Arc, Mutex};

use arrow_array::{Array as _, ArrayRef, Float64Array, RecordBatch};
use arrowlink_core::{BatchStream, Error, ErrorKind, Receipt, Result};
use arrowlink_ipc::{EncodeOptions, write_stream};
use arrowlink_testkit::{Stub, front_with, name, stubbed};
use arrowlink_transport::{BlockPool, FrontOptions};
use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, stream};
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use tonic::Status;
use tower::Service as _;

/// Counts what the current thread holds, and all that it ever allocated.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static ALLOCATED: Cell<usize> = const { Cell::new(0) };
}

fn count(allocated: usize, freed: usize) {
    // A thread that ends has no counters any more.
    let _ = HELD.try_with(|held| held.set(held.get() + allocated.cast_signed() - freed.cast_signed()));
    let _ = ALLOCATED.try_with(|all| all.set(all.get() + allocated));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: as required of the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: as required of the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Notes after each batch of an upload how much was allocated until then, and keeps no batch.
#[derive(Debug, Default)]
struct Meter(Mutex<Vec<usize>>);

impl Stub for Meter {
    fn write(&self, mut batches: BatchStream) -> BoxFuture<'_, Result<Receipt>> {
        async move {
            while let Some(chunk) = batches.next().await {
                assert!(!chunk?.batch.column(0).is_empty());
                self.0.lock().unwrap().push(ALLOCATED.get());
            }
            Err(Error::new(ErrorKind::Unsupported, "a meter keeps nothing"))
        }
        .boxed()
    }
}

/// A message whose payload has eight columns of `rows` numbers.
fn message(rows: usize) -> Bytes {
    let column: ArrayRef = Arc::new(Float64Array::from_iter_values((0..rows).map(|row| row as f64)));
    let columns = (0..8).map(|at| (format!("column_{at}"), Arc::clone(&column)));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let segments = write_stream(&batch.schema(), [&batch], &EncodeOptions::default()).unwrap();
    let payload: Vec<u8> = segments.iter().flat_map(|segment| segment.to_vec()).collect();
    let mut field = vec![0x0a];
    prost::encoding::encode_varint(payload.len() as u64, &mut field);
    let length = u32::try_from(field.len() + payload.len()).unwrap();
    [&[0], &length.to_be_bytes()[..], &field, &payload].concat().into()
}

/// Uploads `message` as often as `times`, in frames of 64 KiB, and returns what each but the first allocated.
fn allocated(message: &Bytes, times: usize, pool: BlockPool) -> Vec<usize> {
    let meter = Arc::new(Meter(Mutex::new(Vec::with_capacity(times))));
    let options = FrontOptions::new(name("default"), name("uploads")).with_pool(pool);
    let mut front = front_with(stubbed(&meter), options);
    let message = message.clone();
    let frames = (0..times).flat_map(move |_| {
        let message = message.clone();
        (0..message.len())
            .step_by(FRAME_BYTES)
            .map(move |at| message.slice(at..message.len().min(at + FRAME_BYTES)))
    });
    let body = StreamBody::new(stream::iter(frames.map(|frame| Ok::<_, Status>(Frame::data(frame)))));
    let request = Request::post("/dataexchange.ArrowDataService/SendArrowData");
    let request = request.header("content-type", "application/grpc").body(body).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(front.call(request)).unwrap();
    let totals = meter.0.lock().unwrap();
    assert_eq!(totals.len(), times);
    totals.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn a_large_message_allocates_nothing_of_its_size() {
    let message = message(65_536);
    assert!(message.len() > 4 << 20);
    let allocated = allocated(&message, 10, BlockPool::default());
    assert!(allocated.iter().all(|bytes| *bytes < 64 << 10), "{allocated:?}");
}

#[test]
fn a_small_message_allocates_little() {
    let allocated = allocated(&message(1), 10, BlockPool::default());
    assert!(allocated.iter().all(|bytes| *bytes < 32 << 10), "{allocated:?}");
}

#[test]
fn a_pool_that_is_gone_holds_nothing() {
    let before = HELD.get();
    let pool = BlockPool::default();
    let copies = [pool.copy_of(&[7; 1 << 20]), pool.copy_of(&[7; 2 << 20])];
    drop(pool.copy_of(&[7; 3 << 20]));
    assert!(HELD.get() - before >= 6 << 20);
    drop(pool);
    let held = HELD.get() - before;
    assert!((3 << 20..4 << 20).contains(&held), "{held} bytes");
    drop(copies);
    assert_eq!(HELD.get(), before);
}

const FRAME_BYTES: usize = 64 << 10;
