//! Messages made by hand, for what no encoder writes.

use arrow_ipc::{
    BodyCompressionBuilder, CompressionType, DictionaryBatchBuilder, DictionaryEncodingBuilder, Endianness,
    FieldBuilder, FieldNode, IntBuilder, MessageBuilder, MessageHeader, MetadataVersion, RecordBatchBuilder,
    SchemaBuilder, Type, Utf8Builder,
};
use arrow_schema::DataType;
use flatbuffers::{FlatBufferBuilder, UnionWIPOffset, WIPOffset};

/// The metadata of a record batch.
#[derive(Clone, Default)]
pub(crate) struct Batch {
    pub(crate) rows: i64,
    pub(crate) nodes: Vec<(i64, i64)>,
    pub(crate) buffers: Vec<(i64, i64)>,
    pub(crate) variadic: Vec<i64>,
    pub(crate) compression: Option<CompressionType>,
}

impl Batch {
    pub(crate) fn record_batch(&self, body: &[u8]) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        let batch = self.write(&mut fbb).as_union_value();
        message(fbb, MessageHeader::RecordBatch, batch, MetadataVersion::V5, body)
    }

    pub(crate) fn dictionary_batch(&self, id: i64, delta: bool, body: &[u8]) -> Vec<u8> {
        let mut fbb = FlatBufferBuilder::new();
        let batch = self.write(&mut fbb);
        let mut dictionary = DictionaryBatchBuilder::new(&mut fbb);
        dictionary.add_id(id);
        dictionary.add_data(batch);
        dictionary.add_isDelta(delta);
        let dictionary = dictionary.finish().as_union_value();
        message(fbb, MessageHeader::DictionaryBatch, dictionary, MetadataVersion::V5, body)
    }

    fn write<'a>(&self, fbb: &mut FlatBufferBuilder<'a>) -> WIPOffset<arrow_ipc::RecordBatch<'a>> {
        let nodes: Vec<_> =
            self.nodes.iter().map(|(length, nulls)| FieldNode::new(*length, *nulls)).collect();
        let buffers: Vec<_> =
            self.buffers.iter().map(|(at, length)| arrow_ipc::Buffer::new(*at, *length)).collect();
        let nodes = fbb.create_vector(&nodes);
        let buffers = fbb.create_vector(&buffers);
        let variadic = fbb.create_vector(&self.variadic);
        let compression = self.compression.map(|codec| {
            let mut compression = BodyCompressionBuilder::new(fbb);
            compression.add_codec(codec);
            compression.finish()
        });
        let mut batch = RecordBatchBuilder::new(fbb);
        batch.add_length(self.rows);
        batch.add_nodes(nodes);
        batch.add_buffers(buffers);
        batch.add_variadicBufferCounts(variadic);
        if let Some(compression) = compression {
            batch.add_compression(compression);
        }
        batch.finish()
    }
}

/// What a hand-made field is.
pub(crate) struct HandMade {
    data_type: DataType,
    dictionary: Option<i64>,
}

/// A field of `Utf8` or `Int8` whose values are in a dictionary.
pub(crate) fn dictionary_field(id: i64, data_type: DataType) -> HandMade {
    HandMade { data_type, dictionary: Some(id) }
}

pub(crate) fn schema_of(fields: &[(&str, HandMade)]) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, made)| {
            let (kind, table) = match made.data_type {
                DataType::Utf8 => (Type::Utf8, Utf8Builder::new(&mut fbb).finish().as_union_value()),
                _ => (Type::Int, int(&mut fbb, 8).as_union_value()),
            };
            let name = fbb.create_string(name);
            let dictionary = made.dictionary.map(|id| {
                let mut dictionary = DictionaryEncodingBuilder::new(&mut fbb);
                dictionary.add_id(id);
                dictionary.finish()
            });
            field(&mut fbb, Some(name), kind, table, dictionary)
        })
        .collect();
    let fields = fbb.create_vector(&fields);
    let mut schema = SchemaBuilder::new(&mut fbb);
    schema.add_fields(fields);
    let schema = schema.finish().as_union_value();
    message(fbb, MessageHeader::Schema, schema, MetadataVersion::V5, &[])
}

/// A schema with one field `f`, whose type `make` writes.
pub(crate) fn schema_with(
    make: impl FnOnce(&mut FlatBufferBuilder<'_>) -> (Type, WIPOffset<UnionWIPOffset>),
) -> Vec<u8> {
    schema_with_order(Endianness::Little, MetadataVersion::V5, make)
}

pub(crate) fn schema_with_order(
    endianness: Endianness,
    version: MetadataVersion,
    make: impl FnOnce(&mut FlatBufferBuilder<'_>) -> (Type, WIPOffset<UnionWIPOffset>),
) -> Vec<u8> {
    let mut fbb = FlatBufferBuilder::new();
    let (kind, table) = make(&mut fbb);
    let name = fbb.create_string("f");
    let field = field(&mut fbb, Some(name), kind, table, None);
    let fields = fbb.create_vector(&[field]);
    let mut schema = SchemaBuilder::new(&mut fbb);
    schema.add_fields(fields);
    schema.add_endianness(endianness);
    let schema = schema.finish().as_union_value();
    message(fbb, MessageHeader::Schema, schema, version, &[])
}

pub(crate) fn int<'a>(fbb: &mut FlatBufferBuilder<'a>, bits: i32) -> WIPOffset<arrow_ipc::Int<'a>> {
    let mut int = IntBuilder::new(fbb);
    int.add_bitWidth(bits);
    int.add_is_signed(true);
    int.finish()
}

fn field<'a>(
    fbb: &mut FlatBufferBuilder<'a>,
    name: Option<WIPOffset<&'a str>>,
    kind: Type,
    table: WIPOffset<UnionWIPOffset>,
    dictionary: Option<WIPOffset<arrow_ipc::DictionaryEncoding<'a>>>,
) -> WIPOffset<arrow_ipc::Field<'a>> {
    let mut field = FieldBuilder::new(fbb);
    if let Some(name) = name {
        field.add_name(name);
    }
    if let Some(dictionary) = dictionary {
        field.add_dictionary(dictionary);
    }
    field.add_nullable(true);
    field.add_type_type(kind);
    field.add_type_(table);
    field.finish()
}

pub(crate) fn message(
    mut fbb: FlatBufferBuilder<'_>,
    kind: MessageHeader,
    header: WIPOffset<UnionWIPOffset>,
    version: MetadataVersion,
    body: &[u8],
) -> Vec<u8> {
    let mut message = MessageBuilder::new(&mut fbb);
    message.add_version(version);
    message.add_header_type(kind);
    message.add_header(header);
    message.add_bodyLength(i64::try_from(body.len()).unwrap());
    let message = message.finish();
    fbb.finish(message, None);
    let mut metadata = fbb.finished_data().to_vec();
    metadata.resize(metadata.len().next_multiple_of(8), 0);
    let length = u32::try_from(metadata.len()).unwrap();
    [&[0xff; 4], length.to_le_bytes().as_slice(), &metadata, body].concat()
}
