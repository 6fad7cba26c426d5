// Package clients tries a running ArrowLink server with arrow-go's clients, as they are.
//
// `cargo xtask clients` starts the server and says in the environment where it is:
//
//	ARROWLINK_GRPC     host:port
//	ARROWLINK_CA_CERT  the authority of its certificate, a PEM file
//
// The server has the dataset `trips`, made by `arrowlink generate --rows 100000`, in two Parquet files.
package clients

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
)

const rows = 100_000

func setting(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run `cargo xtask clients`", name)
	}
	return value
}

func transport(t *testing.T) grpc.DialOption {
	t.Helper()
	pem, err := os.ReadFile(setting(t, "ARROWLINK_CA_CERT"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("the CA file has no certificate")
	}
	return grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: roots}))
}

func background(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func dial(t *testing.T) flight.Client {
	t.Helper()
	client, err := flight.NewClientWithMiddleware(setting(t, "ARROWLINK_GRPC"), nil, nil, transport(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func path(names ...string) *flight.FlightDescriptor {
	return &flight.FlightDescriptor{Type: flight.DescriptorPATH, Path: names}
}

func count(t *testing.T, stream flight.FlightService_DoGetClient) int64 {
	t.Helper()
	reader, err := flight.NewRecordReader(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	var counted int64
	for reader.Next() {
		counted += reader.RecordBatch().NumRows()
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	return counted
}

func TestListsWhatThereIs(t *testing.T) {
	stream, err := dial(t).ListFlights(background(t), &flight.Criteria{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for {
		info, err := stream.Recv()
		if err != nil {
			break
		}
		names = append(names, strings.Join(info.GetFlightDescriptor().GetPath(), "."))
	}
	for _, name := range names {
		if name == "trips" {
			return
		}
	}
	t.Fatalf("`trips` is not among %v", names)
}

func TestReadsEveryEndpointOfADataset(t *testing.T) {
	client, ctx := dial(t), background(t)
	info, err := client.GetFlightInfo(ctx, path("trips"))
	if err != nil {
		t.Fatal(err)
	}
	if info.GetTotalRecords() != rows {
		t.Fatalf("%d rows are announced", info.GetTotalRecords())
	}
	if len(info.GetEndpoint()) < 2 {
		t.Fatalf("two files are %d endpoints", len(info.GetEndpoint()))
	}
	schema, err := flight.DeserializeSchema(info.GetSchema(), memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	result, err := client.GetSchema(ctx, path("trips"))
	if err != nil {
		t.Fatal(err)
	}
	again, err := flight.DeserializeSchema(result.GetSchema(), memory.DefaultAllocator)
	if err != nil || !again.Equal(schema) {
		t.Fatalf("GetSchema says %v, GetFlightInfo %v (%v)", again, schema, err)
	}
	var counted int64
	for _, endpoint := range info.GetEndpoint() {
		stream, err := client.DoGet(ctx, endpoint.GetTicket())
		if err != nil {
			t.Fatal(err)
		}
		counted += count(t, stream)
	}
	if counted != rows {
		t.Fatalf("%d rows came", counted)
	}
}

func TestReadsAPlainNameAsTicket(t *testing.T) {
	stream, err := dial(t).DoGet(background(t), &flight.Ticket{Ticket: []byte("trips")})
	if err != nil {
		t.Fatal(err)
	}
	if counted := count(t, stream); counted != rows {
		t.Fatalf("%d rows came", counted)
	}
}

func TestContinuesAReadThatBrokeOff(t *testing.T) {
	client, ctx := dial(t), background(t)
	info, err := client.GetFlightInfo(ctx, path("trips"))
	if err != nil {
		t.Fatal(err)
	}
	var counted int64
	for _, endpoint := range info.GetEndpoint() {
		broken, stop := context.WithCancel(ctx)
		stream, err := client.DoGet(broken, endpoint.GetTicket())
		if err != nil {
			t.Fatal(err)
		}
		reader, err := flight.NewRecordReader(stream)
		if err != nil {
			t.Fatal(err)
		}
		if !reader.Next() {
			t.Fatalf("no batch came: %v", reader.Err())
		}
		counted += reader.RecordBatch().NumRows()
		rest := append([]byte{}, reader.LatestAppMetadata()...)
		stop()
		reader.Release()
		stream, err = client.DoGet(ctx, &flight.Ticket{Ticket: rest})
		if err != nil {
			t.Fatal(err)
		}
		counted += count(t, stream)
	}
	if counted != rows {
		t.Fatalf("%d rows came", counted)
	}
}

func TestWritesAndIsToldOfEachBatch(t *testing.T) {
	client, ctx := dial(t), background(t)
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}}, nil)
	stream, err := client.DoPut(ctx)
	if err != nil {
		t.Fatal(err)
	}
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(schema))
	writer.SetFlightDescriptor(path("from_go"))
	const batches = 3
	for batch := range batches {
		builder := array.NewInt64Builder(memory.DefaultAllocator)
		builder.AppendValues([]int64{int64(batch), 1, 2}, nil)
		record := array.NewRecordBatch(schema, []arrow.Array{builder.NewArray()}, 3)
		if err := writer.Write(record); err != nil {
			t.Fatal(err)
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	for {
		result, err := stream.Recv()
		if err != nil {
			break
		}
		acknowledged = append(acknowledged, string(result.GetAppMetadata()))
	}
	if len(acknowledged) != batches+1 {
		t.Fatalf("acknowledged: %v", acknowledged)
	}
	last := acknowledged[batches]
	if !strings.Contains(last, `"durable"`) || !strings.Contains(last, `"rows":9`) {
		t.Fatalf("the last acknowledgement is %s", last)
	}
	if !strings.Contains(acknowledged[0], `"received"`) {
		t.Fatalf("the first acknowledgement is %s", acknowledged[0])
	}
}

func TestCallsAFunction(t *testing.T) {
	stream, err := dial(t).DoExchange(background(t))
	if err != nil {
		t.Fatal(err)
	}
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}}, nil)
	writer := flight.NewRecordWriter(stream, ipc.WithSchema(schema))
	writer.SetFlightDescriptor(path("echo"))
	builder := array.NewInt64Builder(memory.DefaultAllocator)
	builder.AppendValues([]int64{7, 8}, nil)
	if err := writer.Write(array.NewRecordBatch(schema, []arrow.Array{builder.NewArray()}, 2)); err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
	_ = stream.CloseSend()
	reader, err := flight.NewRecordReader(stream)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Release()
	if !reader.Next() || reader.RecordBatch().NumRows() != 2 {
		t.Fatalf("the answer is not what was sent: %v", reader.Err())
	}
}

func TestErrorsKeepTheirCodeAndText(t *testing.T) {
	_, err := dial(t).GetFlightInfo(background(t), path("trip"))
	if status.Code(err) != codes.NotFound || !strings.Contains(err.Error(), "trips") {
		t.Fatalf("a wrong name is %v", err)
	}
	forged := append([]byte{0xff, 'A', 'L', 'T', 1}, []byte("something that nobody made")...)
	stream, err := dial(t).DoGet(background(t), &flight.Ticket{Ticket: forged})
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.InvalidArgument {
		t.Fatalf("a forged ticket is %v", err)
	}
}
