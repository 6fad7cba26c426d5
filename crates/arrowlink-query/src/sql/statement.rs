//! From a text to one statement that may be executed, or to what is wrong with it and where.
//!
//! What a statement may do is decided here, by its kind, before anything is looked up: reading, and the few changes
//! that [`change`](super::change) makes. All else is refused with what to do instead.

use arrowlink_core::{Error, ErrorKind, Result};
use datafusion::sql::parser::{DFParserBuilder, Statement as Parsed};
use datafusion::sql::sqlparser::ast::{Insert, ObjectName, ObjectType, Statement as Ast, TableObject};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::failure::{from_parser, invalid, lower, refused};
use super::meant::Meant;
use super::{distinct_from, from_first, ignored, nesting, session};

/// One statement that may be executed.
#[derive(Debug)]
pub(crate) enum Statement {
    /// It returns rows.
    Query(Box<Parsed>),
    /// It appends rows to the table.
    Insert(ObjectName, Box<Parsed>),
    /// It removes the table; where there is none, that may be as good.
    Drop { table: Meant, if_exists: bool },
}

impl Statement {
    /// Parses `text`, of at most `max_text` bytes; names without a schema are in `schema` where that is given.
    ///
    /// Each `?` becomes the next number.
    pub(crate) fn parse(text: &str, max_text: usize, schema: Option<&str>) -> Result<Self> {
        if text.len() > max_text {
            let message =
                format!("the statement has {} bytes and may have {max_text}: shorten it", text.len());
            return Err(Error::new(ErrorKind::LimitExceeded, message));
        }
        let mut tokens = Tokenizer::new(&GenericDialect {}, text)
            .tokenize_with_location()
            .map_err(|error| invalid(Some(error.location.into()), lower(&error.message)))?;
        number(&mut tokens)?;
        let has_comparison = distinct_from::join(&mut tokens);
        session::spell(&mut tokens);
        nesting::check(&tokens)?;
        let parsed = DFParserBuilder::new(tokens).build().and_then(|mut parser| parser.parse_statements());
        let mut statements = parsed.map_err(|error| from_parser(error, text))?;
        if has_comparison {
            statements.iter_mut().for_each(distinct_from::split);
        }
        match (statements.pop_front(), statements.is_empty()) {
            (Some(mut statement), true) => {
                from_first::spell(&mut statement);
                permitted(statement, schema)
            }
            (None, _) => Err(invalid(None, "the statement is empty")),
            (Some(_), false) => Err(invalid(
                None,
                format!("{} statements in one text: send one at a time", statements.len() + 1),
            )),
        }
    }
}

/// Returns what a statement is, or explains; `None` is one that is never executed.
pub(crate) fn ast(statement: &Parsed) -> Option<&Ast> {
    match statement {
        Parsed::Statement(ast) => Some(ast),
        Parsed::Explain(explain) => ast(&explain.statement),
        Parsed::CreateExternalTable(_) | Parsed::CopyTo(_) | Parsed::Reset(_) => None,
    }
}

/// As [`ast`], to be changed.
pub(crate) fn ast_mut(statement: &mut Parsed) -> Option<&mut Ast> {
    match statement {
        Parsed::Statement(ast) => Some(ast),
        Parsed::Explain(explain) => ast_mut(&mut explain.statement),
        Parsed::CreateExternalTable(_) | Parsed::CopyTo(_) | Parsed::Reset(_) => None,
    }
}

/// Gives each `?` its number.
fn number(tokens: &mut [TokenWithSpan]) -> Result<()> {
    let (mut unnamed, mut numbered) = (0_usize, false);
    for token in tokens {
        let Token::Placeholder(placeholder) = &mut token.token else { continue };
        if placeholder == "?" {
            unnamed += 1;
            *placeholder = format!("${unnamed}");
        } else {
            numbered = true;
            let number = placeholder.strip_prefix('$').and_then(|digits| digits.parse::<usize>().ok());
            if !number.is_some_and(|number| (1..=MOST_PARAMETERS).contains(&number)) {
                let text = format!("`{placeholder}` is not a parameter: use `$1`, `$2` and so on, or `?`");
                return Err(invalid(Some(token.span.start.into()), text));
            }
        }
        if unnamed > 0 && numbered {
            let text = "`?` and numbered parameters in one statement: use one of them";
            return Err(invalid(Some(token.span.start.into()), text));
        }
    }
    Ok(())
}

/// Sorts `statement` by what it does, or says why it may not do it.
fn permitted(statement: Parsed, schema: Option<&str>) -> Result<Statement> {
    let ast = match &statement {
        Parsed::Statement(ast) => ast.as_ref(),
        Parsed::Explain(explain) => {
            return match permitted(explain.statement.as_ref().clone(), schema)? {
                Statement::Query(_) => Ok(Statement::Query(Box::new(statement))),
                Statement::Insert(..) | Statement::Drop { .. } => {
                    Err(refused("EXPLAIN of a change", "explain the query whose rows it inserts"))
                }
            };
        }
        Parsed::CreateExternalTable(_) => return Err(refused("CREATE EXTERNAL TABLE", ADD_DATASET)),
        Parsed::CopyTo(_) => return Err(refused("COPY", "write the result where the client is")),
        Parsed::Reset(_) => return Err(refused("RESET", SETTINGS)),
    };
    ignored::refuse(ast)?;
    match ast {
        Ast::Query(_)
        | Ast::ExplainTable { .. }
        | Ast::ShowTables { .. }
        | Ast::ShowColumns { .. }
        | Ast::ShowFunctions { .. }
        | Ast::ShowVariable { .. } => Ok(Statement::Query(Box::new(statement))),
        Ast::Insert(insert) => {
            let table = inserted_into(insert)?.clone();
            Ok(Statement::Insert(table, Box::new(statement)))
        }
        Ast::Drop { object_type: ObjectType::Table, if_exists, names, .. } => match names.as_slice() {
            [name] => Ok(Statement::Drop { table: Meant::by_object(name, schema)?, if_exists: *if_exists }),
            _ => Err(invalid(None, "several tables in one `DROP TABLE`: drop one at a time")),
        },
        other => Err(refuse(other)),
    }
}

/// Returns the table that rows are inserted into, where nothing but appending is asked for.
fn inserted_into(insert: &Insert) -> Result<&ObjectName> {
    if insert.overwrite || insert.replace_into {
        return Err(refused("INSERT OVERWRITE", "drop the table first, or write to it in mode `replace`"));
    }
    if insert.on.is_some() || insert.or.is_some() || insert.ignore {
        return Err(refused("INSERT ... ON CONFLICT", "tables have no keys"));
    }
    if insert.returning.is_some() {
        return Err(refused("INSERT ... RETURNING", "read the table afterwards"));
    }
    match &insert.table {
        TableObject::TableName(name) => Ok(name),
        _ => Err(refused("INSERT INTO anything but a table", "name a table")),
    }
}

/// Says why the statement is not executed, by its first word.
fn refuse(statement: &Ast) -> Error {
    let (what, instead) = match statement {
        Ast::CreateTable(_) | Ast::CreateView { .. } => {
            ("CREATE", "upload a table, or add a dataset to the configuration")
        }
        Ast::Copy { .. } => ("COPY", "upload the rows, or write the result where the client is"),
        Ast::Update { .. } => ("UPDATE", "tables are appended to, or replaced as a whole"),
        Ast::Delete(_) => ("DELETE", "tables are appended to, or dropped as a whole"),
        Ast::Truncate { .. } => ("TRUNCATE", "tables are appended to, or dropped as a whole"),
        Ast::Merge { .. } => ("MERGE", "tables are appended to, or replaced as a whole"),
        Ast::Drop { .. } => ("DROP of anything but a table", "there are tables alone"),
        Ast::Set(_) | Ast::Use(_) => ("SET", SETTINGS),
        Ast::StartTransaction { .. } | Ast::Commit { .. } | Ast::Rollback { .. } | Ast::Savepoint { .. } => {
            ("a transaction", "each statement stands for itself")
        }
        Ast::Prepare { .. } | Ast::Execute { .. } | Ast::Deallocate { .. } => {
            ("PREPARE", "use the prepared statements of the client")
        }
        _ => ("this statement", "use a query, `SHOW TABLES`, `DESCRIBE`, `INSERT INTO` or `DROP TABLE`"),
    };
    refused(what, instead)
}

const ADD_DATASET: &str = "add a dataset to the configuration";
const SETTINGS: &str = "settings belong to the server";
/// More than a client ever binds.
const MOST_PARAMETERS: usize = 65_535;
