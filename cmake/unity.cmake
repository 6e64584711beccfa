# Several .cc files of a target are compiled as one (decision 0026). These are compiled alone: their file-local
# names are those of another file of the same target. Paths below src.
set(TG_COMPILED_ALONE
  adapters/cache/redis_connection.cc
  adapters/compute/process/driver_launch.cc
  adapters/compute/process/host_network.cc
  adapters/compute/process/metadata_process.cc
  adapters/compute/process/root_files.cc
  adapters/compute/process/user_data.cc
  adapters/compute/process/user_files.cc
  adapters/telemetry/chunk_file.cc
  adapters/telemetry/metric_store_keep.cc
  adapters/telemetry/metric_store_test.cc
  apps/tidegate/metadata_verb.cc
  apps/tidegate/rehearse/load.cc
  apps/tidegate/show/cost_text.cc
  apps/tidegate/show/status_text.cc
  apps/tidegate/verbs/up.cc
  balancer/control_test.cc
  balancer/worker/proxy_response.cc
  balancer/worker/proxy_tunnel.cc
  base/xml.cc
  base/yaml.cc
  core/balancing/target_health.cc
  core/scaling/sliding_window_test.cc
  core/stacks/language/names_test.cc
  core/stacks/parameters/pattern_test.cc
  core/stacks/target_groups.cc
  core/stacks/update.cc
  core/stacks/update_test.cc
  edge/api/ec2/network.cc
  edge/api/elbv2/target_groups.cc
  edge/api/front/cloudwatch_test.cc
  edge/api/protocol/encode_cbor.cc
  edge/status/status_test.cc
  net/server.cc
  replay/unpack.cc
  sim/traces/trace_test.cc
  sim/traces/trace_world_test.cc
  sim/workload.cc)

function(tg_compile_alone)
  foreach(source ${ARGN})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR}/src ${source})
    if(path IN_LIST TG_COMPILED_ALONE)
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
