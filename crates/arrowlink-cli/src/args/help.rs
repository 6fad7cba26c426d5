//! What `--help` says after the options: examples, and what does not fit one line.

pub(super) const AFTER_HELP: &str = "\
Examples:
  arrowlink ls                               what there is
  arrowlink head trips                       the first rows of `trips`
  arrowlink get trips -o trips.parquet       all of it, into a file
  arrowlink put trips more.csv               more of it, from a file
  arrowlink query \"select city, avg(fare) from trips group by city\"
  arrowlink generate --rows 1000 -o demo.parquet

Formats: parquet, csv, arrow (Arrow IPC file, Feather), json (one array of objects, for pandas.read_json and
polars.read_json), ndjson (one object per line, also .jsonl, for pyarrow.json and polars.scan_ndjson).

Exit codes:
    0  done
    1  failed otherwise
    2  wrong usage of the command line
   65  the data is wrong: a damaged file, another schema than the dataset's, a type the format does not have
   66  there is no such dataset or input file
   69  the server cannot be reached or did not answer in time
   73  the output file cannot be written
   77  not permitted
   78  wrong configuration: the address of the server or the CA file
  129, 130, 143  ended by a signal: the terminal was closed, Ctrl-C, a request to terminate";

pub(super) const LS_HELP: &str = "\
Sizes are those of files and memory; `-` is said where they are not known without reading.

Examples:
  arrowlink ls
  arrowlink ls sales.
  arrowlink ls --json | jq -r '.[].name'";

pub(super) const SHOW_HELP: &str = "\
A dataset that is broken fails with what is wrong with it, with exit code 65.

Examples:
  arrowlink show trips
  arrowlink show sales.orders --json | jq -r '.columns[].name'";

pub(super) const RM_HELP: &str = "\
All of the names are looked up before the first is removed.

Examples:
  arrowlink rm uploads
  arrowlink rm --yes tmp.a tmp.b";

pub(super) const QUERY_HELP: &str = "\
Every dataset is a table: `sales.orders` is the table `orders` of the schema `sales`. Ctrl-C ends the query on the
server too. A table is cut to the terminal and to its first rows, of which a note says so; the other formats have all.

Parameters are given as texts, and the server makes of them what the statement needs. NULL is written into the statement.

Examples:
  arrowlink query \"select city, avg(fare) from trips group by city\"
  arrowlink query 'select * from trips where id > $1 and city = $2' --param 100 --param Oslo
  arrowlink query --file report.sql -o report.parquet
  arrowlink query \"select * from trips\" -f csv | gzip > trips.csv.gz
  echo \"insert into copies select * from trips\" | arrowlink query -";

pub(super) const HEAD_HELP: &str = "\
Examples:
  arrowlink head trips
  arrowlink head sales.orders -n 50 --columns id,price
  arrowlink head trips --server https://data.example.com:50051 --ca company-ca.crt";

pub(super) const GET_HELP: &str = "\
The file is written aside and takes its place when it is whole: a read that fails or is interrupted leaves
what was there before.

Examples:
  arrowlink get trips -o trips.parquet
  arrowlink get trips -o few.csv --columns id,fare --limit 100
  arrowlink get trips -o - --format csv | gzip > trips.csv.gz";

pub(super) const PUT_HELP: &str = "\
All of the file is appended, or nothing of it. CSV and JSON have no types of their own: columns get those of
the dataset where it is there and has the same columns; else the whole file is read once more to find them.

Examples:
  arrowlink put trips trips.parquet
  arrowlink put logs today.jsonl
  arrowlink put trips export.txt --format csv";

pub(super) const GENERATE_HELP: &str = "\
Columns: id int64, timestamp in ms, value float64, category string, is_valid bool.

Examples:
  arrowlink generate --rows 5
  arrowlink generate --rows 1000000 --seed 7 -o demo.parquet";
