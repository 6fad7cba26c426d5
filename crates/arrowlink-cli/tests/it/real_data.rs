//! Real files through the program: what is read is what was stored.

use std::fs;

use arrow_array::RecordBatch;
use arrow_ipc::reader::FileReader;
use arrow_select::concat::concat_batches;

use arrowlink_testkit::test_data;

use crate::support::Server;

#[test]
fn flights_come_back_as_they_were() {
    let Some(data) = test_data("data") else { return };
    let file = data.join("flights-200k.arrow");
    let server = Server::start();
    server.run(&["put", "flights", file.to_str().unwrap()]).ok();
    server.run(&["get", "flights", "-o", "flights.arrow"]).ok();
    let read = |path: &std::path::Path| {
        let reader = FileReader::try_new(fs::File::open(path).unwrap(), None).unwrap();
        let schema = reader.schema();
        concat_batches(&schema, &reader.collect::<Result<Vec<RecordBatch>, _>>().unwrap()).unwrap()
    };
    assert_eq!(read(&server.path("flights.arrow")).columns(), read(&file).columns());
}

#[test]
fn weather_and_earthquakes_are_taken() {
    let Some(data) = test_data("data") else { return };
    let server = Server::start();
    let weather = data.join("seattle-weather-hourly-normals.csv");
    server.run(&["put", "weather", weather.to_str().unwrap()]).ok();
    server.run(&["get", "weather", "-o", "weather.csv"]).ok();
    let lines = |text: String| text.lines().count();
    assert_eq!(
        lines(fs::read_to_string(server.path("weather.csv")).unwrap()),
        lines(fs::read_to_string(weather).unwrap())
    );
    server.run(&["put", "earthquakes", data.join("earthquakes.json").to_str().unwrap()]).ok();
    assert_eq!(server.batches("earthquakes").iter().map(RecordBatch::num_rows).sum::<usize>(), 1);
    server.run(&["get", "earthquakes", "-o", "earthquakes.csv"]).failed(65, &["which CSV does not have"]);
}
