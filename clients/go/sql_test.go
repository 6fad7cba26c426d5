package clients

import (
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/flight/flightsql"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func dialSQL(t *testing.T) *flightsql.Client {
	t.Helper()
	client, err := flightsql.NewClient(setting(t, "ARROWLINK_GRPC"), nil, nil, transport(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// table reads every endpoint of a result.
func table(t *testing.T, client *flightsql.Client, info *flight.FlightInfo, err error) arrow.Table {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var records []arrow.RecordBatch
	var schema *arrow.Schema
	for _, endpoint := range info.GetEndpoint() {
		reader, err := client.DoGet(background(t), endpoint.GetTicket())
		if err != nil {
			t.Fatal(err)
		}
		schema = reader.Schema()
		for reader.Next() {
			record := reader.RecordBatch()
			record.Retain()
			records = append(records, record)
		}
		if err := reader.Err(); err != nil {
			t.Fatal(err)
		}
		reader.Release()
	}
	if announced, err := flight.DeserializeSchema(info.GetSchema(), memory.DefaultAllocator); err != nil || !announced.Equal(schema) {
		t.Fatalf("announced was %v, %v came (%v)", announced, schema, err)
	}
	return array.NewTableFromRecords(schema, records)
}

func text(table arrow.Table, column, row int) string {
	return table.Column(column).Data().Chunk(0).ValueStr(row)
}

func TestQueries(t *testing.T) {
	client := dialSQL(t)
	info, err := client.Execute(background(t), "select count(*) as n, min(id) as least from trips")
	result := table(t, client, info, err)
	if text(result, 0, 0) != "100000" {
		t.Fatalf("count(*) is %s", text(result, 0, 0))
	}
}

func TestPreparedStatementsTakeParameters(t *testing.T) {
	client, ctx := dialSQL(t), background(t)
	statement, err := client.Prepare(ctx, "select id from trips where id = $1")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = statement.Close(ctx) }()
	schema := arrow.NewSchema([]arrow.Field{{Name: "1", Type: arrow.PrimitiveTypes.Int64}}, nil)
	builder := array.NewInt64Builder(memory.DefaultAllocator)
	builder.Append(5)
	statement.SetParameters(array.NewRecordBatch(schema, []arrow.Array{builder.NewArray()}, 1))
	info, err := statement.Execute(ctx)
	if result := table(t, client, info, err); result.NumRows() != 2 || text(result, 0, 0) != "5" {
		t.Fatalf("%d rows came", result.NumRows())
	}
}

func TestBrowsesMetadata(t *testing.T) {
	client, ctx := dialSQL(t), background(t)
	trips := "trips"
	info, err := client.GetTables(ctx, &flightsql.GetTablesOpts{TableNameFilterPattern: &trips, IncludeSchema: true})
	if tables := table(t, client, info, err); tables.NumRows() != 1 || text(tables, 2, 0) != "trips" {
		t.Fatalf("%d tables are called trips", tables.NumRows())
	}
	info, err = client.GetCatalogs(ctx)
	if table(t, client, info, err).NumRows() == 0 {
		t.Fatal("there is no catalog")
	}
	info, err = client.GetDBSchemas(ctx, &flightsql.GetDBSchemasOpts{})
	if table(t, client, info, err).NumRows() == 0 {
		t.Fatal("there is no schema")
	}
	info, err = client.GetTableTypes(ctx)
	if table(t, client, info, err).NumRows() == 0 {
		t.Fatal("there are no table types")
	}
	info, err = client.GetSqlInfo(ctx, []flightsql.SqlInfo{flightsql.SqlInfoFlightSqlServerName})
	if names := table(t, client, info, err); names.NumRows() != 1 {
		t.Fatalf("%d servers", names.NumRows())
	}
	info, err = client.GetXdbcTypeInfo(ctx, nil)
	if table(t, client, info, err).NumRows() == 0 {
		t.Fatal("there are no types")
	}
	info, err = client.GetPrimaryKeys(ctx, flightsql.TableRef{Table: "trips"})
	if keys := table(t, client, info, err); keys.NumRows() != 0 {
		t.Fatal("files have no primary key")
	}
}

func TestIngestsAndDrops(t *testing.T) {
	client, ctx := dialSQL(t), background(t)
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}}, nil)
	builder := array.NewInt64Builder(memory.DefaultAllocator)
	builder.AppendValues([]int64{1, 2, 3}, nil)
	record := array.NewRecordBatch(schema, []arrow.Array{builder.NewArray()}, 3)
	reader, err := array.NewRecordReader(schema, []arrow.RecordBatch{record})
	if err != nil {
		t.Fatal(err)
	}
	options := &flightsql.ExecuteIngestOpts{
		Table: "ingested_by_go",
		TableDefinitionOptions: &flightsql.TableDefinitionOptions{
			IfNotExist: flightsql.TableDefinitionOptionsTableNotExistOptionCreate,
			IfExists:   flightsql.TableDefinitionOptionsTableExistsOptionReplace,
		},
	}
	ingested, err := client.ExecuteIngest(ctx, reader, options)
	if err != nil || ingested != 3 {
		t.Fatalf("%d rows, %v", ingested, err)
	}
	info, err := client.Execute(ctx, "select sum(id) from ingested_by_go")
	if sum := text(table(t, client, info, err), 0, 0); sum != "6" {
		t.Fatalf("the sum is %s", sum)
	}
	if _, err := client.ExecuteUpdate(ctx, "drop table ingested_by_go"); err != nil {
		t.Fatal(err)
	}
	_, err = client.Execute(ctx, "select * from ingested_by_go")
	if err == nil {
		t.Fatal("a dropped table is still there")
	}
}

func TestTransactionsAreRefused(t *testing.T) {
	_, err := dialSQL(t).BeginTransaction(background(t))
	if status.Code(err) != codes.Unimplemented {
		t.Fatalf("a transaction is %v", err)
	}
}

func TestErrorsOfStatementsSayWhere(t *testing.T) {
	client, ctx := dialSQL(t), background(t)
	_, err := client.Execute(ctx, "select idd from trips")
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "`id`") {
		t.Fatalf("a wrong column is %v", err)
	}
}

func TestSessionsKeepTheirOptions(t *testing.T) {
	client, ctx := dialSQL(t), background(t)
	if _, err := client.CloseSession(ctx, &flight.CloseSessionRequest{}); err != nil {
		t.Fatal(err)
	}
}
