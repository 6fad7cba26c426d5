import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Tries a running ArrowLink server with Arrow's Flight SQL JDBC driver, as it is: queries, parameters, updates, and what a schema
 * browser asks for.
 *
 * <p>{@code cargo xtask clients} starts the server, which has the dataset {@code trips} of 100,000 rows, and says in the environment
 * where it is: {@code ARROWLINK_GRPC} is host:port, {@code ARROWLINK_CA_CERT} the authority of its certificate.
 */
public final class FlightSqlJdbc {
    private static int passed = 0;
    private static final List<String> failures = new ArrayList<>();

    private interface Check {
        void run(Connection connection) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        properties.put("useEncryption", "true");
        properties.put("tlsRootCerts", System.getenv("ARROWLINK_CA_CERT"));
        properties.put("user", "anybody");
        properties.put("password", "nothing");
        String url = "jdbc:arrow-flight-sql://" + System.getenv("ARROWLINK_GRPC");
        try (Connection connection = DriverManager.getConnection(url, properties)) {
            check(connection, "queries", FlightSqlJdbc::queries);
            check(connection, "prepared statements take parameters", FlightSqlJdbc::parameters);
            check(connection, "updates say how many rows", FlightSqlJdbc::updates);
            check(connection, "a schema browser finds catalogs, schemas, tables and columns", FlightSqlJdbc::browses);
            check(connection, "keys are unknown", FlightSqlJdbc::keys);
            check(connection, "the server says what it is", FlightSqlJdbc::info);
            check(connection, "errors keep their text", FlightSqlJdbc::errors);
        }
        for (String failure : failures) {
            System.out.println(failure);
        }
        System.out.println(passed + " passed, " + failures.size() + " failed");
        // The driver leaves threads behind.
        System.exit(failures.isEmpty() ? 0 : 1);
    }

    private static void check(Connection connection, String name, Check check) {
        try {
            check.run(connection);
            passed++;
            System.out.println("ok      " + name);
        } catch (Exception | AssertionError failure) {
            failures.add("FAILED  " + name + ": " + failure);
            failure.printStackTrace(System.out);
        }
    }

    private static void queries(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select id, category, timestamp from trips order by id limit 3")) {
            ResultSetMetaData columns = result.getMetaData();
            expect(3, columns.getColumnCount());
            expect("category", columns.getColumnName(2));
            int rows = 0;
            while (result.next()) {
                rows++;
                expect(true, result.getString(2) != null && result.getTimestamp(3) != null);
            }
            expect(3, rows);
        }
    }

    private static void parameters(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("select count(*) from trips where id <= ? and category <> ?")) {
            expect(2, statement.getParameterMetaData().getParameterCount());
            statement.setLong(1, 10);
            statement.setString(2, "none of them");
            try (ResultSet result = statement.executeQuery()) {
                expect(true, result.next());
                expect(true, result.getLong(1) >= 10);
            }
        }
    }

    private static void updates(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("insert into from_java select id from trips where id < 5");
        } catch (SQLException absent) {
            expect(true, absent.getMessage().contains("from_java"));
            return;
        }
        throw new AssertionError("an insert into a table that is not there is done");
    }

    private static void browses(Connection connection) throws SQLException {
        DatabaseMetaData metadata = connection.getMetaData();
        expect(true, strings(metadata.getCatalogs(), "TABLE_CAT").contains("arrowlink"));
        expect(true, strings(metadata.getSchemas(), "TABLE_SCHEM").contains("public"));
        expect(true, !strings(metadata.getTableTypes(), "TABLE_TYPE").isEmpty());
        expect(List.of("trips"), strings(metadata.getTables(null, null, "trips", null), "TABLE_NAME"));
        List<String> columns = strings(metadata.getColumns(null, null, "trips", null), "COLUMN_NAME");
        expect(List.of("id", "timestamp", "value", "category", "is_valid"), columns);
    }

    private static void keys(Connection connection) throws SQLException {
        DatabaseMetaData metadata = connection.getMetaData();
        expect(List.of(), strings(metadata.getPrimaryKeys(null, null, "trips"), "COLUMN_NAME"));
        expect(List.of(), strings(metadata.getImportedKeys(null, null, "trips"), "FKTABLE_NAME"));
        expect(List.of(), strings(metadata.getExportedKeys(null, null, "trips"), "FKTABLE_NAME"));
    }

    private static void info(Connection connection) throws SQLException {
        DatabaseMetaData metadata = connection.getMetaData();
        expect("ArrowLink", metadata.getDatabaseProductName());
        expect(true, !metadata.getDatabaseProductVersion().isEmpty());
        expect("\"", metadata.getIdentifierQuoteString());
        expect(false, metadata.supportsTransactions());
    }

    private static void errors(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.executeQuery("select idd from trips");
        } catch (SQLException expected) {
            expect(true, expected.getMessage().contains("`id`"));
            return;
        }
        throw new AssertionError("a column that is not there is read");
    }

    private static List<String> strings(ResultSet result, String column) throws SQLException {
        List<String> strings = new ArrayList<>();
        try (result) {
            while (result.next()) {
                strings.add(result.getString(column));
            }
        }
        return strings;
    }

    private static void expect(Object expected, Object actual) {
        if (!expected.equals(actual)) {
            throw new AssertionError("expected " + expected + ", got " + actual);
        }
    }
}
