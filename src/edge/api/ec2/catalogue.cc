// Images and instance types of this home: what its stacks declare, and what is built in.
#include "core/stacks/properties/catalogue.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/text.h"
#include "edge/api/calls/pages.h"
#include "edge/api/ec2/asking.h"

namespace tidegate::api::ec2 {
namespace {

using Values = std::optional<std::vector<std::string>>;

constexpr std::int64_t kMaxImages = 1000;
constexpr std::int64_t kMaxTypes = 100;
constexpr const char* kImageFilters =
    "image-id, name, state, architecture, owner-id, is-public, image-type, root-device-type, "
    "virtualization-type, tag-key, tag:<key>";
constexpr const char* kTypeFilters =
    "instance-type, current-generation, processor-info.supported-architecture";

Image image_answer(const engine::Model& model, const std::string& id, const stacks::Image& image) {
  Image answer;
  answer.image_id = id;
  answer.name = id == engine::kHostImage ? "host" : id;
  answer.description = id == engine::kHostImage
                           ? "this machine's own root, read-only"
                           : "layers of a process image: " + join(image.layers, ", ");
  answer.image_location = join(image.layers, ",");
  answer.state = "available";
  answer.owner_id = model.account_id;
  answer.public_ = false;
  answer.architecture = "x86_64";
  answer.image_type = "machine";
  answer.root_device_type = "instance-store";
  answer.virtualization_type = "hvm";
  answer.hypervisor = "xen";
  answer.block_device_mappings.emplace();
  answer.product_codes.emplace();
  answer.tags.emplace();
  return answer;
}

Status check_image_ids(const std::map<std::string, stacks::Image>& images, const Names& ids) {
  for (const std::string& id : ids.value_or(std::vector<std::string>{})) {
    if (!id.starts_with("ami-")) {
      return error(ErrorCode::InvalidArgument,
                   "InvalidAMIID.Malformed",
                   "Invalid id: \"" + id.substr(0, 80) + "\" (expecting \"ami-...\")");
    }
    if (!images.contains(id)) {
      return error(ErrorCode::NotFound,
                   "InvalidAMIID.NotFound",
                   "The image id '[" + id +
                       "]' does not exist: declare it under Metadata.Tidegate.Images of a stack of "
                       "this home");
    }
  }
  return Ok{};
}

/// self, and this account by its number; AWS's own and other accounts have no images here.
bool owned_by(const engine::Model& model, const Names& owners) {
  return names(owners, "self") || holds(owners, model.account_id);
}

Result<DescribeImagesResult> describe_images(const Context& context,
                                             const DescribeImagesRequest& request) {
  const auto images = engine::images_of(context.model);
  TG_RETURN_IF_ERROR(check_image_ids(images, request.image_ids));
  TG_RETURN_IF_ERROR(check_filters(request.filters, kImageFilters));
  std::vector<Image> all;
  for (const auto& [id, image] : images) {
    Image answer = image_answer(context.model, id, image);
    const auto meaning = [&](std::string_view name) -> Values {
      if (name == "image-id") return {{id}};
      if (name == "name") return {{*answer.name}};
      if (name == "state") return {{"available"}};
      if (name == "architecture") return {{"x86_64"}};
      if (name == "owner-id") return {{context.model.account_id}};
      if (name == "is-public") return {{"false"}};
      if (name == "image-type") return {{"machine"}};
      if (name == "root-device-type") return {{"instance-store"}};
      if (name == "virtualization-type") return {{"hvm"}};
      return tag_values({}, name);
    };
    if (accepts(request.filters, meaning) && names(request.image_ids, id) &&
        owned_by(context.model, request.owners)) {
      all.push_back(std::move(answer));
    }
  }
  TG_ASSIGN_OR_RETURN(const auto limit, limit_of(request.max_results, 1, kMaxImages));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const Image& item) { return *item.image_id; },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeImagesResult answer;
  answer.images = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

InstanceTypeInfo type_answer(const std::string& name, const stacks::InstanceType& type) {
  InstanceTypeInfo answer;
  answer.instance_type = name;
  answer.current_generation = true;
  answer.free_tier_eligible = false;
  answer.bare_metal = false;
  answer.supported_usage_classes = std::vector<std::string>{"on-demand"};
  answer.supported_root_device_types = std::vector<std::string>{"instance-store"};
  answer.supported_virtualization_types = std::vector<std::string>{"hvm"};
  answer.instance_storage_supported = false;
  answer.hibernation_supported = false;
  answer.dedicated_hosts_supported = false;
  answer.processor_info.emplace().supported_architectures = std::vector<std::string>{"x86_64"};
  answer.v_cpu_info.emplace().default_v_cpus =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(type.vcpus)));
  answer.memory_info.emplace().size_in_mi_b = type.memory_mib;
  return answer;
}

std::set<std::string> all_types(const engine::Model& model) {
  const auto built_in = stacks::properties::catalogue_names();
  std::set<std::string> types(built_in.begin(), built_in.end());
  for (const auto& [name, stack] : model.stacks) {
    if (stack.status != stacks::Status::DeleteComplete) {
      for (const auto& [type, size] : stack.metadata.instance_types) {
        types.insert(type);
      }
    }
  }
  return types;
}

Result<DescribeInstanceTypesResult> describe_types(const Context& context,
                                                   const DescribeInstanceTypesRequest& request) {
  const auto known = all_types(context.model);
  for (const std::string& type : request.instance_types.value_or(std::vector<std::string>{})) {
    if (!known.contains(type)) {
      return error(ErrorCode::InvalidArgument,
                   "InvalidInstanceType",
                   "The following supplied instance types do not exist: [" + type + "]");
    }
  }
  TG_RETURN_IF_ERROR(check_filters(request.filters, kTypeFilters));
  std::vector<InstanceTypeInfo> all;
  for (const std::string& type : known) {
    const auto size = engine::size_of(context.model, {}, type, 1);
    const auto meaning = [&](std::string_view name) -> Values {
      if (name == "instance-type") return {{type}};
      if (name == "current-generation") return {{"true"}};
      if (name == "processor-info.supported-architecture") return {{"x86_64"}};
      return std::nullopt;
    };
    if (accepts(request.filters, meaning) && size && names(request.instance_types, type)) {
      all.push_back(type_answer(type, *size));
    }
  }
  TG_ASSIGN_OR_RETURN(const auto limit, limit_of(request.max_results, 5, kMaxTypes));
  TG_ASSIGN_OR_RETURN(auto page,
                      page_of(
                          std::move(all),
                          [](const InstanceTypeInfo& item) { return *item.instance_type; },
                          request.next_token,
                          limit,
                          "InvalidParameterValue"));
  DescribeInstanceTypesResult answer;
  answer.instance_types = std::move(page.items);
  answer.next_token = page.next_token;
  return answer;
}

}  // namespace

std::vector<Entry> catalogue_entries() {
  return {
      reads<DescribeImagesOperation>({"ImageIds",
                                      "Owners",
                                      "Filters",
                                      "IncludeDeprecated",
                                      "IncludeDisabled",
                                      "MaxResults",
                                      "NextToken"},
                                     &describe_images),
      reads<DescribeInstanceTypesOperation>({"InstanceTypes", "Filters", "MaxResults", "NextToken"},
                                            &describe_types),
  };
}

}  // namespace tidegate::api::ec2
