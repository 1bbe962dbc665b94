# ets_proto(FILE...) makes the library ets::proto of the .proto files, named from this folder: messages
# and gRPC code, generated in the build folder, included as "ets/<area>/v1/<file>.pb.h". Generated code
# is built once, apart from ours, without our warnings.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)  # Whoever links ets::proto needs them, in other folders.
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)

function(ets_proto)
  set(out ${CMAKE_BINARY_DIR}/generated/proto)
  file(MAKE_DIRECTORY ${out})
  set(generated)
  foreach(file ${ARGN})
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(code ${out}/${stem}.pb.cc ${out}/${stem}.pb.h ${out}/${stem}.grpc.pb.cc
             ${out}/${stem}.grpc.pb.h)
    add_custom_command(OUTPUT ${code}
      COMMAND protobuf::protoc --proto_path=${CMAKE_CURRENT_SOURCE_DIR} --cpp_out=${out}
              --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>
              ${CMAKE_CURRENT_SOURCE_DIR}/${file}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file} VERBATIM)
    list(APPEND generated ${code})
  endforeach()
  add_library(ets_proto STATIC ${generated})
  add_library(ets::proto ALIAS ets_proto)
  target_compile_options(ets_proto PRIVATE -w)
  target_include_directories(ets_proto SYSTEM PUBLIC ${out})
  target_link_libraries(ets_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()
