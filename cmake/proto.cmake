# ets_proto(FILES ... THIRD_PARTY folder FILES ...) makes the library ets::proto of the .proto files,
# named from this folder or from the third party's: messages and gRPC code, generated in the build
# folder, included as "ets/<area>/v1/<file>.pb.h". Generated code is built once, apart from ours,
# without our warnings.
set(CMAKE_FIND_PACKAGE_TARGETS_GLOBAL TRUE)  # Whoever links ets::proto needs them, in other folders.
find_package(Protobuf REQUIRED)
find_package(gRPC CONFIG REQUIRED)

function(ets_proto)
  cmake_parse_arguments(ARG "" "THIRD_PARTY" "FILES;THIRD_PARTY_FILES" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/generated/proto)
  file(MAKE_DIRECTORY ${out})
  set(roots --proto_path=${CMAKE_CURRENT_SOURCE_DIR} --proto_path=${ARG_THIRD_PARTY})
  list(TRANSFORM ARG_FILES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE all)
  list(TRANSFORM ARG_THIRD_PARTY_FILES PREPEND ${ARG_THIRD_PARTY}/ OUTPUT_VARIABLE third)
  list(APPEND all ${third})
  set(generated)
  foreach(file ${ARG_FILES} ${ARG_THIRD_PARTY_FILES})
    string(REGEX REPLACE "\\.proto$" "" stem ${file})
    set(code ${out}/${stem}.pb.cc ${out}/${stem}.pb.h)
    set(grpc)
    if(stem MATCHES "_service$")
      list(APPEND code ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h)
      set(grpc --grpc_out=${out} --plugin=protoc-gen-grpc=$<TARGET_FILE:gRPC::grpc_cpp_plugin>)
    endif()
    add_custom_command(OUTPUT ${code}
      COMMAND protobuf::protoc ${roots} --cpp_out=${out} ${grpc} ${file}
      DEPENDS ${all} VERBATIM)
    list(APPEND generated ${code})
  endforeach()
  add_library(ets_proto STATIC ${generated})
  add_library(ets::proto ALIAS ets_proto)
  target_compile_options(ets_proto PRIVATE -w)
  target_include_directories(ets_proto SYSTEM PUBLIC ${out})
  target_link_libraries(ets_proto PUBLIC gRPC::grpc++ protobuf::libprotobuf)
endfunction()
