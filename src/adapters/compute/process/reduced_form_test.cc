#include <filesystem>
#include <fstream>
#include <set>

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "adapters/compute/process/form.h"
#include "adapters/compute/process/instance.h"
#include "adapters/compute/process/places.h"
#include "adapters/compute/process/user_files.h"
#include "temporary_folder.h"

namespace tidegate::compute_process {
namespace {

Form least() {
  return {Form::Network::Machines,
          Form::Processes::Machines,
          Form::Files::Machines,
          Form::Proc::Machines};
}

TEST_CASE("places: addresses go round, never one that is taken") {
  Places places{Form::Network::Own, {link::Ipv4{0x0a400000}, 28}, "abc"};
  const auto first = places.next(8000, {});
  REQUIRE(first);
  CHECK(first->address == link::Ipv4{0x0a400002});
  CHECK(first->port == 8000);
  CHECK(places.next(80, {{link::Ipv4{0x0a400003}}})->address == link::Ipv4{0x0a400004});
  places.remember({link::Ipv4{0x0a40000a}});
  CHECK(places.next(80, {})->address == link::Ipv4{0x0a40000b});
  CHECK(places.next(80, {})->address == link::Ipv4{0x0a400002});  // the rest is load balancers'
  std::vector<Place> all;
  for (std::uint32_t i = 0; i < 16; ++i) {
    all.push_back({link::Ipv4{0x0a400000 + i}});
  }
  CHECK(places.next(80, all).error().code == ErrorCode::ResourceExhausted);
}

TEST_CASE("places: without a network each has a free port of its own and a metadata address") {
  Places places{Form::Network::Machines, loopback_range("abc"), "abc"};
  std::set<std::uint16_t> ports;
  std::set<std::uint32_t> metadata;
  std::vector<Place> taken;
  for (int i = 0; i < 20; ++i) {
    const auto place = places.next(8000, taken);
    REQUIRE(place);
    CHECK(place->address == link::Ipv4{0x7f000001});
    CHECK(place->port >= kFirstSharedPort);
    CHECK(place->port < kFirstSharedPort + kSharedPorts);
    CHECK((place->metadata.value >> 16) == 0x7f4d);
    CHECK((place->metadata.value & 0xff00) != 0);
    ports.insert(place->port);
    metadata.insert(place->metadata.value);
    taken.push_back(*place);
  }
  CHECK(ports.size() == 20);
  CHECK(metadata.size() == 20);
}

TEST_CASE("places: a port that somebody listens on is passed over") {
  Places trial{Form::Network::Machines, loopback_range("abc"), "abc"};
  const auto first = trial.next(8000, {});
  REQUIRE(first);
  const FileDescriptor socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(first->port);
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&name), sizeof name) == 0);
  REQUIRE(::listen(socket.get(), 1) == 0);
  Places places{Form::Network::Machines, loopback_range("abc"), "abc"};
  CHECK(places.next(8000, {})->port != first->port);
}

TEST_CASE("places: load balancers of a home have a loopback net of its own, never the metadata's") {
  std::set<std::uint32_t> nets;
  for (int i = 0; i < 2000; ++i) {
    const link::Ipv4Range range = loopback_range("home" + std::to_string(i));
    CHECK(range.prefix == 24);
    const std::uint32_t second = range.first.value >> 16 & 0xff;
    CHECK((range.first.value >> 24) == 127);
    CHECK(second >= 64);
    CHECK(second <= 127);
    CHECK(second != 77);
    nets.insert(range.first.value);
  }
  CHECK(nets.size() > 1800);
  CHECK(loopback_range("a") == loopback_range("a"));
}

TEST_CASE("form: an instance stays as it was made, over restarts of the control plane") {
  for (const Form& form :
       {Form{},
        least(),
        Form{Form::Network::Machines,
             Form::Processes::Own,
             Form::Files::OwnAsUser,
             Form::Proc::Machines},
        Form{Form::Network::Machines, Form::Processes::Own, Form::Files::Own, Form::Proc::Own}}) {
    InstanceRecord record;
    record.id = groups::InstanceId{"i-1"};
    record.form = form;
    record.address = link::Ipv4{0x7f000001};
    record.port = 20001;
    record.metadata = link::Ipv4{0x7f4d0101};
    const auto read = parse_record(to_text(record));
    REQUIRE(read);
    CHECK(*read == record);
  }
}

TEST_CASE("form: without files of its own an image can only be the machine") {
  CHECK(check_form(least(), {{"host"}}));
  CHECK(check_form(Form{}, {{"host", "/opt/layer"}}));
  const Status refused = check_form(least(), {{"host", "/opt/layer"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.find("can only be [host]") != std::string::npos);
}

TEST_CASE("form: namespaces are those of the form") {
  CHECK(namespaces_of(least()) == 0);
  const Form user{
      Form::Network::Machines, Form::Processes::Own, Form::Files::Machines, Form::Proc::Machines};
  CHECK((namespaces_of(user) & CLONE_NEWUSER) != 0);
  CHECK((namespaces_of(user) & CLONE_NEWPID) != 0);
  CHECK((namespaces_of(Form{}) & CLONE_NEWUSER) == 0);
}

TEST_CASE("form: what is missing is said with the reason that was found") {
  const auto lacking = capabilities_of({least(), {"namespaces: not permitted"}});
  REQUIRE(lacking.size() == 4);
  for (const ports::Capability& one : lacking) {
    CAPTURE(one.name);
    CHECK_FALSE(one.present);
  }
  CHECK(lacking[1].detail.find("not permitted") != std::string::npos);
  for (const ports::Capability& one : capabilities_of({})) {
    CAPTURE(one.name);
    CHECK(one.present);
  }
}

ports::LaunchSpec spec_of(const std::string& user_data) {
  ports::LaunchSpec spec;
  spec.id = groups::InstanceId{"i-1"};
  spec.user_data = user_data;
  spec.port = 8000;
  return spec;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

TEST_CASE("form: the shim of the least form has no namespace, no root and no pid 1") {
  InstanceRecord record;
  record.id = groups::InstanceId{"i-1"};
  record.form = least();
  record.address = link::Ipv4{0x7f000001};
  record.port = 20001;
  record.metadata = link::Ipv4{0x7f4d0101};
  const auto shim = shim_spec({"/h/instances/i-1", record, -1, -1, {}}, spec_of("#!/bin/bash\n"));
  REQUIRE(shim);
  CHECK(shim->namespaces == 0);
  CHECK_FALSE(shim->root.has_value());
  CHECK_FALSE(shim->capabilities.has_value());
  CHECK(shim->init == supervise::ShimSpec::Init::None);
  CHECK(shim->arguments == std::vector<std::string>{"/h/instances/i-1/run/user-data"});
  CHECK(has(shim->environment, "PORT=20001"));
  CHECK(has(shim->environment, "BASH_ENV=/h/instances/i-1/run/bash-environment"));
  CHECK(has(shim->environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.77.1.1:8169"));
  const auto idle = shim_spec({"/h/instances/i-1", record, -1, -1, {}}, spec_of(""));
  REQUIRE(idle);
  CHECK_FALSE(idle->arguments.empty());
}

TEST_CASE("form: as root the shim has everything, and the metadata service at AWS's address") {
  InstanceRecord record;
  record.id = groups::InstanceId{"i-1"};
  record.address = link::Ipv4{0x0a400002};
  record.port = 8000;
  const auto shim = shim_spec({"/h/instances/i-1", record, 7, -1, {}}, spec_of("#!/bin/bash\n"));
  REQUIRE(shim);
  CHECK(shim->root == "/h/instances/i-1/root");
  CHECK(shim->network_namespace == 7);
  CHECK(shim->init == supervise::ShimSpec::Init::Pid1);
  CHECK(shim->host_name == "ip-10-64-0-2");
  CHECK(has(shim->environment, "HOME=/root"));
  CHECK(has(shim->environment, "BASH_ENV=/run/tidegate/bash-environment"));
  for (const std::string& variable : shim->environment) {
    CHECK_FALSE(variable.starts_with("AWS_EC2_METADATA"));
  }
}

TEST_CASE("instance: its metadata document has what only the driver knows") {
  InstanceRecord record;
  record.id = groups::InstanceId{"i-1"};
  record.address = link::Ipv4{0x0a400002};
  ports::LaunchSpec spec = spec_of("");
  spec.metadata_document = R"({"region":"eu-west-2","instance-id":"wrong"})";
  const Json document = metadata_document(record, spec, "02:00:00:00:00:01");
  CHECK(document["instance-id"].string_or("") == "i-1");
  CHECK(document["local-ipv4"].string_or("") == "10.64.0.2");
  CHECK(document["local-hostname"].string_or("") == "ip-10-64-0-2.eu-west-2.compute.internal");
  CHECK(document["mac"].string_or("") == "02:00:00:00:00:01");
  CHECK_FALSE(document["architecture"].string_or("").empty());
  spec.metadata_document = "no JSON";
  CHECK(metadata_document(record, spec, "")["instance-id"].string_or("") == "i-1");
}

TEST_CASE("files: a tree with folders that nobody may enter is removed") {
  const TemporaryFolder place;
  const std::string top = place.path() + "/top";
  std::filesystem::create_directories(top + "/a/b");
  std::ofstream{top + "/a/b/file"} << "x";
  ::chmod((top + "/a/b").c_str(), 0);
  ::chmod((top + "/a").c_str(), 0);
  CHECK(remove_tree(top));
  CHECK_FALSE(std::filesystem::exists(top));
  CHECK(remove_tree(top));  // what is not there
}

TEST_CASE("files: the skeleton has the machine's links, and folders of the instance's own") {
  const TemporaryFolder place;
  const std::string skeleton = place.path() + "/skeleton";
  REQUIRE(make_skeleton(skeleton));
  REQUIRE(make_skeleton(skeleton));  // again
  struct stat about{};
  REQUIRE(::stat((skeleton + "/tmp").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 01777);
  REQUIRE(::stat((skeleton + "/root").c_str(), &about) == 0);
  CHECK((about.st_mode & 07777) == 0700);
  CHECK(std::filesystem::is_symlink("/bin") == std::filesystem::is_symlink(skeleton + "/bin"));
  CHECK(std::filesystem::is_directory(skeleton + "/usr"));
  CHECK(std::filesystem::is_empty(skeleton + "/home"));
}

}  // namespace
}  // namespace tidegate::compute_process
