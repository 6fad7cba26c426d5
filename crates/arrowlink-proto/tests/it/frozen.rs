//! What the descriptor set declares, written out.

use arrowlink_proto::DATAEXCHANGE_DESCRIPTOR_SET;
use arrowlink_proto::dataexchange::arrow_data_service_server::SERVICE_NAME;
use expect_test::expect;
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet, MethodDescriptorProto};

fn file() -> FileDescriptorProto {
    let set = FileDescriptorSet::decode(DATAEXCHANGE_DESCRIPTOR_SET).unwrap();
    <[FileDescriptorProto; 1]>::try_from(set.file).unwrap().into_iter().next().unwrap()
}

fn method(method: &MethodDescriptorProto) -> String {
    let stream = |streaming| if streaming { "stream " } else { "" };
    format!(
        "rpc {}({}{}) returns ({}{})\n",
        method.name(),
        stream(method.client_streaming()),
        method.input_type(),
        stream(method.server_streaming()),
        method.output_type()
    )
}

#[test]
fn keeps_package_service_and_methods() {
    let file = file();
    let mut text = format!("{} {}\n", file.syntax(), file.package());
    for service in &file.service {
        text += &format!("service {}\n", service.name());
        text.extend(service.method.iter().map(method));
    }
    expect![[r"
        proto3 dataexchange
        service ArrowDataService
        rpc GetArrowData(.dataexchange.Empty) returns (stream .dataexchange.ArrowData)
        rpc SendArrowData(stream .dataexchange.ArrowData) returns (.dataexchange.Ack)
    "]]
    .assert_eq(&text);
}

#[test]
fn keeps_names_types_and_numbers_of_fields() {
    let mut text = String::new();
    for message in &file().message_type {
        text += &format!("message {}\n", message.name());
        for field in &message.field {
            text += &format!(
                "  {:?} {:?} {} = {}\n",
                field.label(),
                field.r#type(),
                field.name(),
                field.number()
            );
        }
    }
    expect![[r"
        message ArrowData
          Optional Bytes payload = 1
        message Ack
          Optional String message = 1
        message Empty
    "]]
    .assert_eq(&text);
}

#[test]
fn serves_under_the_name_that_clients_call() {
    assert_eq!(SERVICE_NAME, "dataexchange.ArrowDataService");
}

#[test]
fn documents_itself_for_reflection() {
    let comments = file().source_code_info.unwrap_or_default().location;
    let text: String = comments.iter().map(|location| location.leading_comments()).collect();
    assert!(text.contains("One complete Arrow IPC stream"), "{text}");
}
