//! scratch
use arrowlink_core::{CallContext, Dataset as _, ReadOptions};
use arrowlink_query::{FileDataset, FileOptions, QueryOptions, QueryRuntime};
use futures::StreamExt as _;
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let runtime = QueryRuntime::new(QueryOptions::default()).unwrap();
    let dataset = FileDataset::open(&runtime, &args[1], FileOptions::default()).await.unwrap();
    let start = std::time::Instant::now();
    println!("{:?}", dataset.describe(CallContext::new()).await.map(|d| (d.rows, d.bytes)));
    println!("described in {:?}", start.elapsed());
    let mut stream = dataset.read(CallContext::new(), ReadOptions::default()).await.unwrap();
    let mut out = args.get(2).map(|path| {
        arrow_ipc::writer::FileWriter::try_new(std::fs::File::create(path).unwrap(), stream.schema()).unwrap()
    });
    let (mut rows, mut bytes) = (0, 0);
    while let Some(chunk) = stream.next().await {
        let batch = chunk.unwrap().batch;
        rows += batch.num_rows();
        bytes += batch.get_array_memory_size();
        if let Some(out) = &mut out {
            out.write(&batch).unwrap();
        }
    }
    if let Some(out) = &mut out {
        out.finish().unwrap();
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    println!(
        "{rows} rows, {bytes} bytes in {:?}; {}",
        start.elapsed(),
        status.lines().filter(|l| l.starts_with("VmHWM")).collect::<String>()
    );
}
